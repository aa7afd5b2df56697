package io.graft.formats.examples;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.formats.chat.ChatTemplate;
import io.graft.formats.chat.Message;
import io.graft.formats.chat.Rendered;
import io.graft.formats.json.Json;
import io.graft.formats.tokenizer.Encoding;
import io.graft.formats.tokenizer.Tokenizer;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Reads examples from JSON lines of four kinds, told apart by their keys:
 *
 * <ul>
 * <li>{@code {"messages": [...]}}: a conversation by the chat template; learned is what the assistant says, its end-of-turn token
 *     included. Where the template has no {@code {% generation %}}, a turn is what rendering with it adds to rendering without it.
 * <li>{@code {"prompt": "...", "completion": "..."}}: learned is the completion, and the end-of-text token behind it.
 * <li>{@code {"text": "..."}}: learned is all of it, and the end-of-text token behind it.
 * <li>{@code {"ids": [...], "labels": [...]}}: as given; without labels all of it.
 * </ul>
 *
 * An example longer than the limit is cut at its end, and says by how much.
 */
public final class ExampleReader {

    private final Tokenizer tokenizer;
    private final ChatTemplate template;
    private final int maxLength;

    /**
     * A reader.
     *
     * @param tokenizer of the model; null where there is none, and then only ids can be read
     * @param template  its chat template; null where there is none, and then no messages can be read
     * @param maxLength the most tokens of an example, 2 or more
     */
    public ExampleReader(Tokenizer tokenizer, ChatTemplate template, int maxLength) {
        if (maxLength < 2) throw new RequestException("max_length", "too short to learn anything", "2 or more", maxLength);
        this.tokenizer = tokenizer;
        this.template = template;
        this.maxLength = maxLength;
    }

    /**
     * Reads all examples of a file. Empty lines are passed over.
     *
     * @param file JSON lines, UTF-8
     * @return the examples, in the order of the lines
     * @throws RequestException if a line cannot be read, with its number, or there is no example
     */
    public List<Example> read(Path file) {
        List<Example> examples = new ArrayList<>();
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            int number = 0;
            for (String line; (line = lines.readLine()) != null;) {
                number++;
                if (!line.isBlank()) examples.add(parse(file + ":" + number, line));
            }
        } catch (NoSuchFileException missing) {
            throw new RequestException(file.toString(), "no such file of training data");
        } catch (CharacterCodingException malformed) {
            throw new RequestException(file.toString(), "not UTF-8");
        } catch (IOException error) {
            throw new RunException(file.toString(), "cannot be read: " + error.getMessage(), error);
        }
        if (examples.isEmpty()) throw new RequestException(file.toString(), "no example in it", "one JSON object a line", "none");
        return examples;
    }

    /**
     * Reads one example.
     *
     * @param where what errors call it
     * @param line  a JSON object
     * @return the example
     * @throws RequestException if it is none of the four kinds, or what it needs is not there
     */
    public Example parse(String where, String line) {
        JsonElement element = Json.parse(where, line);
        if (!(element instanceof JsonObject object)) throw new RequestException(where, "not an example", "an object", Json.kind(element));
        if (object.has("ids")) return ids(where, object);
        if (object.has("messages")) return messages(where, object);
        if (object.has("prompt") || object.has("completion")) return completion(where, string(where, object, "prompt"), string(where, object, "completion"));
        if (object.has("text")) return completion(where, "", string(where, object, "text"));
        throw new RequestException(where, "an example of no known kind", "\"messages\", \"prompt\" and \"completion\", \"text\", or \"ids\"", object.keySet());
    }

    private Example ids(String where, JsonObject object) {
        int[] ids = integers(where, object, "ids"), labels = object.has("labels") ? integers(where, object, "labels") : ids.clone();
        if (labels.length != ids.length) throw new RequestException(where, "labels", ids.length + " of them, one a token", labels.length);
        if (ids.length == 0) throw new RequestException(where, "an example without a token");
        return cut(ids, labels);
    }

    private Example completion(String where, String prompt, String completion) {
        Encoding all = tokenizer(where).encode(prompt + completion, true);
        int start = prompt.codePointCount(0, prompt.length());
        int[] labels = new int[all.length()];
        for (int i = 0; i < labels.length; i++) labels[i] = all.ends()[i] > start ? all.ids()[i] : Example.IGNORED;
        int end = tokenizer.roles().eos();
        int[] ids = all.ids();
        if (end < 0 || ids.length > 0 && ids[ids.length - 1] == end) return cut(ids, labels);
        ids = Arrays.copyOf(ids, ids.length + 1);
        labels = Arrays.copyOf(labels, ids.length);
        ids[ids.length - 1] = labels[ids.length - 1] = end;
        return cut(ids, labels);
    }

    private Example messages(String where, JsonObject object) {
        if (template == null) throw new RequestException(where, "\"messages\" need a chat template, and the model has none", null, null, "use \"prompt\" and \"completion\"");
        if (!(object.get("messages") instanceof JsonArray turns) || turns.isEmpty()) throw new RequestException(where, "messages", "a list of turns", Json.kind(object.get("messages")));
        List<Message> messages = new ArrayList<>();
        for (JsonElement turn : turns) {
            if (!(turn instanceof JsonObject fields) || !fields.has("role")) throw new RequestException(where, "a turn", "an object with \"role\" and \"content\"", turn);
            messages.add(new Message(fields));
        }
        Rendered rendered = template.marksAssistant() ? template.renderWithMask(messages, false, Map.of()) : byPrefixes(where, messages);
        Encoding encoding = tokenizer(where).encode(rendered.text(), false);
        int[] mask = rendered.mask(encoding), labels = new int[mask.length];
        for (int i = 0; i < labels.length; i++) labels[i] = mask[i] == 1 ? encoding.ids()[i] : Example.IGNORED;
        return cut(encoding.ids(), labels);
    }

    /** The assistant's turns of a template that does not mark them: what each adds to the prompt for it, up to the end-of-turn token. */
    private Rendered byPrefixes(String where, List<Message> messages) {
        String whole = template.render(messages, false, Map.of());
        List<Rendered.Range> ranges = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            if (!"assistant".equals(string(where, messages.get(i).fields(), "role"))) continue;
            String before = template.render(messages.subList(0, i), true, Map.of()), with = template.render(messages.subList(0, i + 1), false, Map.of());
            if (!with.startsWith(before) || !whole.startsWith(with))
                throw new RequestException(where, "the chat template renders turn " + i + " of a conversation differently when more follows, so that what the assistant says cannot be told apart", null, null,
                        "mark it in the template with {% generation %} ... {% endgeneration %}");
            ranges.add(new Rendered.Range(points(before), points(with.stripTrailing())));
        }
        return new Rendered(whole, ranges);
    }

    private static int points(String text) { return text.codePointCount(0, text.length()); }

    private Example cut(int[] ids, int[] labels) {
        int over = Math.max(0, ids.length - maxLength);
        return over == 0 ? new Example(ids, labels, 0) : new Example(Arrays.copyOf(ids, maxLength), Arrays.copyOf(labels, maxLength), over);
    }

    private Tokenizer tokenizer(String where) {
        if (tokenizer == null) throw new RequestException(where, "text needs a tokenizer, and the model has none", null, null, "give \"ids\" and \"labels\"");
        return tokenizer;
    }

    private static String string(String where, JsonObject object, String key) {
        if (object.get(key) instanceof JsonPrimitive value && value.isString()) return value.getAsString();
        throw new RequestException(where, "\"" + key + "\"", "a string", Json.kind(object.get(key)));
    }

    private static int[] integers(String where, JsonObject object, String key) {
        if (!(object.get(key) instanceof JsonArray list)) throw new RequestException(where, "\"" + key + "\"", "a list of integers", Json.kind(object.get(key)));
        int[] values = new int[list.size()];
        for (int i = 0; i < values.length; i++) {
            try {
                values[i] = list.get(i).getAsInt();
            } catch (ArithmeticException | IllegalStateException | NumberFormatException | UnsupportedOperationException wrong) {
                throw new RequestException(where, "\"" + key + "\" at " + i, "an integer", list.get(i));
            }
        }
        return values;
    }
}
