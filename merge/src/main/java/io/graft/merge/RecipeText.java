package io.graft.merge;

import com.google.gson.JsonPrimitive;
import io.graft.formats.json.Json;

/** YAML that a builder writes. */
final class RecipeText {

    private final StringBuilder text = new StringBuilder();

    /** A line {@code key: value} of a plain value. */
    RecipeText put(int indent, String key, Object value) {
        text.append(" ".repeat(indent)).append(key).append(": ").append(value).append('\n');
        return this;
    }

    /** A line whose value is a text that may hold anything, in quotes. */
    RecipeText quoted(int indent, String key, String value) { return put(indent, key, quote(value)); }

    /** A line of its own. */
    RecipeText line(String line) {
        text.append(line).append('\n');
        return this;
    }

    /** A text in quotes: JSON's are YAML's. */
    static String quote(String value) { return Json.line(new JsonPrimitive(value)); }

    @Override
    public String toString() { return text.toString(); }
}
