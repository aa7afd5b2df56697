package io.graft.formats.chat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.tokenizer.SpecialTokens;
import io.graft.formats.tokenizer.TokenizerFiles;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A model's chat template: from messages to the text that the model was trained on.
 *
 * <p>The text of messages is data: whatever it looks like, it is printed as it stands. Work, length and depth are bounded, so
 * that a template out of a download cannot hang the caller. Immutable; safe for many threads.
 */
public final class ChatTemplate {

    /** Tokens with a role, which a template reads by these names. */
    private static final List<String> ROLES = List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");
    private static final long LONGEST_RANGE = 100_000;

    private final String where;
    private final Statements.Statement body;
    private final boolean marksAssistant;
    private final Map<String, Object> names;

    private ChatTemplate(String where, String source, Map<String, Object> names) {
        this.where = where;
        this.names = names;
        Statements reader = new Statements(where, new Lexer(where, source).tokens());
        body = reader.template();
        marksAssistant = reader.marksGeneration();
    }

    /**
     * Reads the template of a model's folder: {@code chat_template.jinja}, else {@code chat_template} of
     * {@code tokenizer_config.json} (of several named ones, {@code default}).
     *
     * @param folder the folder
     * @return its template
     * @throws RequestException if there is none, or it uses what is not known here
     */
    public static ChatTemplate fromFolder(Path folder) { return from(TokenizerFiles.of(folder)); }

    /**
     * Reads a model's template.
     *
     * @param files where its files come from
     * @return its template
     * @throws RequestException as for {@link #fromFolder}
     */
    public static ChatTemplate from(TokenizerFiles files) {
        JsonObject config = files.objectOrEmpty("tokenizer_config.json");
        Map<String, Object> names = new HashMap<>();
        for (String role : ROLES) {
            String content = SpecialTokens.content(config.get(role));
            if (content != null) names.put(role, content);
        }
        if (files.has("chat_template.jinja")) return new ChatTemplate(files.path("chat_template.jinja"), files.text("chat_template.jinja"), names);
        String source = source(config.get("chat_template"));
        if (source == null) throw new RequestException(files.where(), "the model has no chat template", "chat_template.jinja, or chat_template in tokenizer_config.json", "neither", "write the prompt as plain text");
        return new ChatTemplate(files.path("tokenizer_config.json") + ", chat_template", source, names);
    }

    private static String source(JsonElement element) {
        if (element instanceof JsonArray list) {
            String found = null;
            for (JsonElement each : list) {
                JsonObject named = each.getAsJsonObject();
                if (found == null || named.get("name").getAsString().equals("default")) found = named.get("template").getAsString();
            }
            return found;
        }
        return element == null || element.isJsonNull() ? null : element.getAsString();
    }

    /**
     * Reads a template.
     *
     * @param where  what errors call it
     * @param source its text
     * @param names  what it can read besides messages, such as {@code bos_token}
     * @return the template
     * @throws RequestException if it uses what is not known here
     */
    public static ChatTemplate of(String where, String source, Map<String, String> names) { return new ChatTemplate(where, source, new HashMap<>(names)); }

    /** {@return whether the template marks what the assistant says, so that {@link #renderWithMask} can tell} */
    public boolean marksAssistant() { return marksAssistant; }

    /**
     * A conversation as text.
     *
     * @param messages            the turns
     * @param addGenerationPrompt whether the start of the assistant's next turn is added
     * @param extra               more names for the template, such as {@code tools}; none where empty
     * @return the text, with the special tokens written in it: encode it without adding more
     * @throws RequestException if the template refuses the messages, in its own words, or goes wrong, with the line
     */
    public String render(List<Message> messages, boolean addGenerationPrompt, Map<String, JsonElement> extra) {
        return run(messages, addGenerationPrompt, extra).text();
    }

    /**
     * A conversation as text, and what of it the assistant says, for training.
     *
     * @param messages            the turns
     * @param addGenerationPrompt whether the start of the assistant's next turn is added
     * @param extra               more names for the template; none where empty
     * @return the text and the assistant's ranges
     * @throws RequestException as for {@link #render}, and if the template has no generation tag
     */
    public Rendered renderWithMask(List<Message> messages, boolean addGenerationPrompt, Map<String, JsonElement> extra) {
        if (!marksAssistant) throw new RequestException(where, "the template does not say what the assistant's part is", "{% generation %} ... {% endgeneration %}", "none");
        return run(messages, addGenerationPrompt, extra);
    }

    private Rendered run(List<Message> messages, boolean addGenerationPrompt, Map<String, JsonElement> extra) {
        Map<String, Object> globals = functions();
        globals.putAll(names);
        globals.put("tools", null);
        globals.put("documents", null);
        try {
            globals.put("messages", new ArrayList<>(messages.stream().map(each -> Values.of(each.fields())).toList()));
            globals.put("add_generation_prompt", addGenerationPrompt);
            extra.forEach((name, value) -> globals.put(name, Values.of(value)));
            Run run = new Run(globals);
            body.run(run);
            return new Rendered(run.out.toString(), List.copyOf(run.assistant));
        } catch (Values.Refusal refusal) {
            throw new RequestException(where, refusal.getMessage());
        } catch (StackOverflowError deep) {
            throw new RequestException(where, "the template nests too deep");
        }
    }

    private Map<String, Object> functions() {
        Map<String, Object> names = new HashMap<>();
        names.put("raise_exception", (Values.Callable) (arguments, _) -> {
            throw new RequestException(where, "the template refuses the messages: " + (arguments.isEmpty() ? "" : PythonText.of(arguments.getFirst())));
        });
        names.put("namespace", (Values.Callable) (arguments, named) -> {
            Map<String, Object> fields = new LinkedHashMap<>();
            for (Object each : arguments)
                if (each instanceof Map<?, ?> map) map.forEach((key, value) -> fields.put(PythonText.of(key), value));
            fields.putAll(named);
            return new Values.Space(fields);
        });
        names.put("dict", (Values.Callable) (_, named) -> new LinkedHashMap<>(named));
        names.put("range", (Values.Callable) (arguments, _) -> range(arguments));
        names.put("strftime_now", (Values.Callable) (arguments, _) -> now(PythonText.of(arguments.isEmpty() ? "" : arguments.getFirst())));
        return names;
    }

    private static List<Object> range(List<Object> arguments) {
        if (arguments.isEmpty() || arguments.size() > 3) throw new Values.Refusal("range takes 1 to 3 values");
        long first = arguments.size() > 1 ? Values.whole(arguments.get(0)) : 0, end = Values.whole(arguments.get(arguments.size() > 1 ? 1 : 0)), step = arguments.size() > 2 ? Values.whole(arguments.get(2)) : 1;
        if (step == 0) throw new Values.Refusal("a range with step 0");
        List<Object> numbers = new ArrayList<>();
        for (long i = first; step > 0 ? i < end : i > end; i = Math.addExact(i, step)) {
            if (numbers.size() == LONGEST_RANGE) throw new Values.Refusal("a range of over " + LONGEST_RANGE + " numbers");
            numbers.add(i);
        }
        return numbers;
    }

    /** The date of today, in the few forms that templates ask for. */
    private static String now(String format) {
        StringBuilder out = new StringBuilder();
        LocalDateTime time = LocalDateTime.now();
        for (int i = 0; i < format.length(); i++) {
            if (format.charAt(i) != '%' || i + 1 == format.length()) {
                out.append(format.charAt(i));
                continue;
            }
            String pattern = switch (format.charAt(++i)) {
                case 'd' -> "dd";
                case 'm' -> "MM";
                case 'b' -> "MMM";
                case 'B' -> "MMMM";
                case 'Y' -> "yyyy";
                case 'y' -> "yy";
                case 'H' -> "HH";
                case 'M' -> "mm";
                case 'S' -> "ss";
                case 'A' -> "EEEE";
                case 'a' -> "EEE";
                case 'j' -> "DDD";
                case '%' -> "'%'";
                default -> throw new Values.Refusal("strftime_now does not know %" + format.charAt(i));
            };
            out.append(time.format(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH)));
        }
        return out.toString();
    }
}
