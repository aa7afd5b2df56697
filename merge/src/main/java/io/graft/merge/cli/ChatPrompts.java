package io.graft.merge.cli;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.chat.ChatTemplate;
import io.graft.formats.chat.Message;
import io.graft.formats.json.Json;
import io.graft.formats.tokenizer.SpecialTokens;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Prompts in a model's chat template. */
final class ChatPrompts {

    private ChatPrompts() {}

    /**
     * The ids of a conversation that the assistant is to answer.
     *
     * @param running the model
     * @param system  the system message; null for none
     * @param user    the user's message
     * @return its ids; the template itself writes the tokens that begin a text
     */
    static int[] ids(RunningModel running, String system, String user) {
        List<Message> messages = new ArrayList<>();
        if (system != null) messages.add(Message.of("system", system));
        messages.add(Message.of("user", user));
        return running.needTokenizer().ids(template(running).render(messages, true, Map.of()), false);
    }

    private static ChatTemplate template(RunningModel running) {
        Map<String, String> made = running.source.sideFiles();
        if (!made.containsKey("tokenizer_config.json")) {
            Path folder = running.source.folder().orElseThrow(() -> new RequestException(running.source.name(), "the model has no chat template"));
            return ChatTemplate.fromFolder(folder);
        }
        String where = running.source.name() + ": tokenizer_config.json";
        JsonObject config = Json.parse(where, made.get("tokenizer_config.json")).getAsJsonObject();
        String source = made.getOrDefault("chat_template.jinja", config.has("chat_template") ? config.get("chat_template").getAsString() : null);
        if (source == null) throw new RequestException(running.source.name(), "the model has no chat template", null, null, "write the prompt as plain text");
        Map<String, String> names = new HashMap<>();
        for (String role : List.of("bos_token", "eos_token", "unk_token", "pad_token")) {
            String content = SpecialTokens.content(config.get(role));
            if (content != null) names.put(role, content);
        }
        return ChatTemplate.of(where, source, names);
    }
}
