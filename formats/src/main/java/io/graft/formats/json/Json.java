package io.graft.formats.json;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import com.google.gson.stream.MalformedJsonException;
import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Small JSON documents as Gson's tree: configs, indexes, tokenizers. Numbers keep their text, objects their order, so
 * that a document read and written again is the same document.
 */
public final class Json {

    private static final int MAX_DEPTH = 200;

    private Json() {}

    /**
     * Reads a file that holds one object.
     *
     * @param file the file, UTF-8
     * @return its object
     * @throws RequestException if it is missing, not UTF-8, not strict JSON, holds a key twice, is nested over 200 deep or is no object
     */
    public static JsonObject readObject(Path file) {
        JsonElement element = parse(file.toString(), readText(file));
        if (!element.isJsonObject()) throw new RequestException(file.toString(), "not the JSON it should be", "an object", kind(element));
        return element.getAsJsonObject();
    }

    /**
     * Reads a file as text.
     *
     * @param file the file
     * @return its text
     * @throws RequestException if it is missing or not UTF-8
     */
    public static String readText(Path file) {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException missing) {
            throw new RequestException(file.toString(), "no such file");
        } catch (CharacterCodingException malformed) {
            throw new RequestException(file.toString(), "not UTF-8");
        } catch (IOException error) {
            throw new RunException(file.toString(), "cannot be read: " + error.getMessage(), error);
        }
    }

    /**
     * Parses one document.
     *
     * @param where what errors call it: a file, a line
     * @param text  the document
     * @return its tree
     * @throws RequestException if it is not strict JSON, holds a key twice or is nested over 200 deep
     */
    public static JsonElement parse(String where, String text) {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            reader.setNestingLimit(MAX_DEPTH);
            JsonElement element = read(where, reader);
            if (reader.peek() != JsonToken.END_DOCUMENT) throw new RequestException(where, "text after the end of the JSON document");
            return element;
        } catch (MalformedJsonException | EOFException | NumberFormatException | IllegalStateException malformed) {
            throw new RequestException(where, "not valid JSON: " + firstLine(malformed.getMessage()));
        } catch (IOException impossible) {
            throw new RunException(where, "cannot be read", impossible);
        }
    }

    private static JsonElement read(String where, JsonReader reader) throws IOException {
        switch (reader.peek()) {
            case BEGIN_OBJECT -> {
                JsonObject object = new JsonObject();
                reader.beginObject();
                while (reader.hasNext()) {
                    String key = reader.nextName();
                    int before = object.size();
                    object.add(key, read(where, reader)); // one search of the tree instead of two: a vocabulary is an object of 10^5 keys
                    if (object.size() == before) throw new RequestException(where, "the key \"" + key + "\" stands twice in an object (" + reader.getPath() + ")");
                }
                reader.endObject();
                return object;
            }
            case BEGIN_ARRAY -> {
                JsonArray array = new JsonArray();
                reader.beginArray();
                while (reader.hasNext()) array.add(read(where, reader));
                reader.endArray();
                return array;
            }
            case STRING -> { return new JsonPrimitive(reader.nextString()); }
            case NUMBER -> { return new JsonPrimitive(new NumberText(reader.nextString())); }
            case BOOLEAN -> { return new JsonPrimitive(reader.nextBoolean()); }
            case NULL -> {
                reader.nextNull();
                return JsonNull.INSTANCE;
            }
            default -> throw new RequestException(where, "not valid JSON: unexpected " + reader.peek());
        }
    }

    /**
     * Writes a document as Python's {@code json.dumps(indent=2, ensure_ascii=False)} does, with a newline at the end.
     *
     * @param element the document
     * @return its text
     */
    public static String write(JsonElement element) { return write(element, "  ") + "\n"; }

    /**
     * Writes a document on one line, without white space.
     *
     * @param element the document
     * @return its text, without a newline
     */
    public static String line(JsonElement element) { return write(element, ""); }

    private static String write(JsonElement element, String indent) {
        StringWriter text = new StringWriter();
        try (JsonWriter writer = new JsonWriter(text)) {
            writer.setIndent(indent);
            writer.setHtmlSafe(false);
            writer.setSerializeNulls(true);
            write(element, writer);
        } catch (IOException impossible) {
            throw new RunException(null, "cannot write JSON", impossible);
        }
        return text.toString();
    }

    private static void write(JsonElement element, JsonWriter writer) throws IOException {
        switch (element) {
            case JsonObject object -> {
                writer.beginObject();
                for (var entry : object.entrySet()) {
                    writer.name(entry.getKey());
                    write(entry.getValue(), writer);
                }
                writer.endObject();
            }
            case JsonArray array -> {
                writer.beginArray();
                for (JsonElement each : array) write(each, writer);
                writer.endArray();
            }
            case JsonPrimitive value when value.isBoolean() -> writer.value(value.getAsBoolean());
            case JsonPrimitive value when value.isNumber() -> writer.jsonValue(value.getAsString());
            case JsonPrimitive value -> writer.value(value.getAsString());
            default -> writer.nullValue();
        }
    }

    /**
     * The size of the UTF-8 form of a text.
     *
     * @param text any text
     * @return bytes
     */
    public static int utf8Length(String text) { return text.getBytes(StandardCharsets.UTF_8).length; }

    /**
     * What an element is, for messages.
     *
     * @param element any, null allowed
     * @return such as {@code a number}
     */
    public static String kind(JsonElement element) {
        return switch (element) {
            case null -> "nothing";
            case JsonObject _ -> "an object";
            case JsonArray _ -> "a list";
            case JsonPrimitive p when p.isBoolean() -> "a truth value";
            case JsonPrimitive p when p.isNumber() -> "a number";
            case JsonPrimitive _ -> "a string";
            default -> "null";
        };
    }

    private static String firstLine(String text) {
        if (text == null) return "it ends too early";
        int end = text.indexOf('\n');
        return end < 0 ? text : text.substring(0, end);
    }
}
