package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.formats.chat.ChatTemplate;
import io.graft.formats.chat.Message;
import io.graft.formats.json.Json;
import io.graft.formats.tokenizer.Encoding;
import io.graft.formats.tokenizer.Tokenizer;
import java.io.BufferedInputStream;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft tokenize}: texts to ids, tokens and offsets, and back. */
@Command(name = "tokenize", description = "Shows the ids of texts.",
        footer = {"", "Example: graft tokenize graft-demo/base \"2 + 3\"", "",
            "With --jsonl each line in is an object with text (with --chat: messages, and whatever its template reads), and gives one line out: "
                + "ids, tokens, offsets (start and end of each token in the text, in code points; 0, 0 for what a template adds) and decoded (the text of the ids, special tokens kept); with --chat also text, the rendered template."})
final class TokenizeCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "MODEL", description = "A model, or a folder with tokenizer files.")
    String model;

    @Parameters(index = "1..*", arity = "0..*", paramLabel = "TEXT|FILE", description = "Texts; with --jsonl a file instead (default: standard input).")
    List<String> values = List.of();

    @Option(names = "--jsonl", description = "Read one JSON object a line, write one a line.")
    boolean lines;

    @Option(names = "--no-special", description = "Add no special tokens; those written in the text are found.")
    boolean noSpecial;

    @Option(names = "--chat", description = "Render the model's chat template: messages of each line, or the text as a user's.")
    boolean chat;

    @Option(names = "--generation-prompt", description = "With --chat: add the start of the assistant's answer.")
    boolean generationPrompt;

    @Mixin
    CommonOptions common = new CommonOptions();

    private Tokenizer tokenizer;
    private ChatTemplate template;

    @Override
    public Integer call() throws IOException {
        var files = TokenizerSource.of(model);
        tokenizer = Tokenizer.from(files);
        if (chat) template = ChatTemplate.from(files);
        if (generationPrompt && !chat) throw new RequestException("graft tokenize", "--generation-prompt needs --chat");
        if (lines || values.isEmpty()) jsonLines();
        else texts();
        return 0;
    }

    private void texts() {
        JsonArray all = new JsonArray();
        for (String value : values) {
            JsonObject row = new JsonObject();
            if (chat) {
                JsonArray messages = new JsonArray();
                messages.add(Message.of("user", value).fields());
                row.add("messages", messages);
            } else {
                row.addProperty("text", value);
            }
            if (common.json) all.add(json(row, "TEXT"));
            else table(row);
        }
        if (common.json) System.out.println(Json.line(all.size() == 1 ? all.get(0) : all));
    }

    private void table(JsonObject row) {
        Encoding encoding = encode(text(row, "TEXT"));
        Table table = new Table(">id", "token", ">start", ">end");
        for (int i = 0; i < encoding.length(); i++)
            table.row(Integer.toString(encoding.ids()[i]), Text.oneLine(String.valueOf(encoding.tokens().get(i)), 200), Integer.toString(encoding.starts()[i]), Integer.toString(encoding.ends()[i]));
        table.print(System.out, 0);
    }

    private void jsonLines() throws IOException {
        if (values.size() > 1) throw new RequestException("graft tokenize", "one file too many", null, "'" + values.get(1) + "'");
        boolean standard = values.isEmpty() || values.getFirst().equals("-");
        String where = standard ? "standard input" : values.getFirst();
        BufferedWriter out = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), 1 << 16);
        try (InputStream in = new BufferedInputStream(standard ? System.in : Files.newInputStream(Path.of(where)), 1 << 16)) {
            LineReader reader = new LineReader(where, in);
            for (String line; (line = reader.next()) != null; ) {
                JsonElement element = Json.parse(reader.place(), LineReader.repaired(line));
                if (!(element instanceof JsonObject row)) throw new RequestException(reader.place(), "not the JSON it should be", "an object", Json.kind(element));
                out.write(Json.line(json(row, reader.place())));
                out.write('\n');
            }
        } finally {
            out.flush(); // also what came before a bad line
        }
    }

    /** The text of a row, rendered where it holds messages. */
    private String text(JsonObject row, String where) {
        String key = chat ? "messages" : "text";
        JsonElement value = row.get(key);
        if (chat ? !(value instanceof JsonArray) : !(value instanceof JsonPrimitive text && text.isString()))
            throw new RequestException(where, "no " + key, chat ? "a list of messages" : "a string", Json.kind(value), chat ? "one {\"messages\": [...]} a line" : "one {\"text\": ...} a line; --chat for messages");
        if (!chat) return value.getAsString();
        List<Message> messages = new ArrayList<>();
        for (JsonElement each : value.getAsJsonArray()) {
            if (!(each instanceof JsonObject fields)) throw new RequestException(where, "a message", "an object", Json.kind(each));
            messages.add(new Message(fields));
        }
        boolean prompt = generationPrompt || row.get("add_generation_prompt") instanceof JsonPrimitive wanted && wanted.isBoolean() && wanted.getAsBoolean();
        JsonObject extra = row.deepCopy();
        extra.remove("messages");
        extra.remove("add_generation_prompt");
        return template.render(messages, prompt, Map.copyOf(extra.asMap()));
    }

    /** A rendered template has its special tokens written in it, so that none are added. */
    private Encoding encode(String text) { return tokenizer.encode(text, !noSpecial && !chat); }

    private JsonObject json(JsonObject row, String where) {
        String text = text(row, where);
        Encoding encoding = encode(text);
        JsonObject result = new JsonObject();
        JsonArray ids = new JsonArray(), tokens = new JsonArray(), offsets = new JsonArray();
        for (int i = 0; i < encoding.length(); i++) {
            ids.add(encoding.ids()[i]);
            tokens.add(encoding.tokens().get(i));
            JsonArray range = new JsonArray();
            range.add(encoding.starts()[i]);
            range.add(encoding.ends()[i]);
            offsets.add(range);
        }
        result.add("ids", ids);
        result.add("tokens", tokens);
        result.add("offsets", offsets);
        result.addProperty("decoded", tokenizer.decode(encoding.ids(), false));
        if (chat) result.addProperty("text", text);
        return result;
    }
}
