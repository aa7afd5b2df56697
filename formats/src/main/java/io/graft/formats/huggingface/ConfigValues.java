package io.graft.formats.huggingface;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;

/**
 * Typed values of a config.json. A key that is absent or null has no value; one of the wrong type or range is an error that
 * names it.
 *
 * @param where  the file, for messages
 * @param object its keys
 */
record ConfigValues(String where, JsonObject object) {

    /** {@return whether the key has a value} */
    boolean has(String key) { return object.has(key) && !object.get(key).isJsonNull(); }

    /** {@return whether the key stands there, be it null} */
    boolean names(String key) { return object.has(key); }

    /** {@return a number of at least 1 that must be there} */
    int size(String key) {
        if (!has(key)) throw new RequestException(where, "the key \"" + key + "\" is missing", "a number of at least 1", null);
        return size(key, 0);
    }

    /** {@return a number of at least 1, or the default} */
    int size(String key, int absent) {
        if (!has(key)) return absent;
        double value = number(key, 0);
        if (value < 1 || value > Integer.MAX_VALUE || value != Math.rint(value)) throw wrong(key, "a whole number of at least 1");
        return (int) value;
    }

    /** {@return a finite number, or the default} */
    double number(String key, double absent) {
        if (!has(key)) return absent;
        if (!(object.get(key) instanceof JsonPrimitive value && value.isNumber())) throw wrong(key, "a number");
        double number = value.getAsDouble();
        if (!Double.isFinite(number)) throw wrong(key, "a finite number");
        return number;
    }

    /** {@return a finite number over 0, or the default} */
    double positive(String key, double absent) {
        if (!has(key)) return absent;
        double number = number(key, absent);
        if (number <= 0) throw wrong(key, "a number over 0");
        return number;
    }

    /** {@return a finite number over 0 that must be there} */
    double positive(String key) {
        if (!has(key)) throw new RequestException(where, "the key \"" + key + "\" is missing", "a number over 0", null);
        return positive(key, 0);
    }

    /** {@return a truth value, or the default} */
    boolean flag(String key, boolean absent) {
        if (!has(key)) return absent;
        if (!(object.get(key) instanceof JsonPrimitive value && value.isBoolean())) throw wrong(key, "true or false");
        return value.getAsBoolean();
    }

    /** {@return a string, or the default} */
    String text(String key, String absent) {
        if (!has(key)) return absent;
        if (!(object.get(key) instanceof JsonPrimitive value && value.isString())) throw wrong(key, "a string");
        return value.getAsString();
    }

    /** {@return the object under a key; null if there is none} */
    ConfigValues child(String key) {
        if (!has(key)) return null;
        if (!(object.get(key) instanceof JsonObject child)) throw wrong(key, "an object");
        return new ConfigValues(where + ": " + key, child);
    }

    /** {@return the error about a key whose value cannot be} */
    RequestException wrong(String key, Object expected) {
        JsonElement found = object.get(key);
        return new RequestException(where, "the key \"" + key + "\" has a value that cannot be used", expected, found == null ? "nothing" : Json.line(found));
    }
}
