package io.graft.merge.cli;

import io.graft.formats.chat.ChatTemplate;
import io.graft.formats.chat.Message;
import io.graft.formats.tokenizer.TokenizerFiles;
import java.util.ArrayList;
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
        String text = ChatTemplate.from(TokenizerFiles.of(running.source)).render(messages, true, Map.of());
        return running.needTokenizer().ids(text, false);
    }
}
