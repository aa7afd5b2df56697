package io.graft.formats.gguf;

import io.graft.formats.gguf.GgufException.Kind;
import java.util.Collections;
import java.util.List;
import java.util.SequencedMap;

/** The metadata of a GGUF file, by key, with its types checked where it is asked for. Immutable. */
public final class GgufMetadata {

    private final String file;
    private final SequencedMap<String, GgufValue> values;

    GgufMetadata(String file, SequencedMap<String, GgufValue> values) {
        this.file = file;
        this.values = values;
    }

    /** {@return all entries, in the order of the file} */
    public SequencedMap<String, GgufValue> values() { return Collections.unmodifiableSequencedMap(values); }

    /**
     * Whether there is such an entry.
     *
     * @param key its key
     * @return whether there is
     */
    public boolean has(String key) { return values.containsKey(key); }

    /**
     * An entry.
     *
     * @param key its key
     * @return its value; null where there is none
     */
    public GgufValue get(String key) { return values.get(key); }

    /**
     * A string.
     *
     * @param key its key
     * @return its value; null where there is none
     * @throws GgufException if it is of another type
     */
    public String text(String key) {
        return switch (values.get(key)) {
            case null -> null;
            case GgufValue.Text text -> text.value();
            case GgufValue other -> throw wrongType(key, "a string", other);
        };
    }

    /**
     * An integer of any size.
     *
     * @param key       its key
     * @param otherwise what to return where there is none
     * @return its value
     * @throws GgufException if it is of another type, or a UINT64 over 63 bits
     */
    public long integer(String key, long otherwise) {
        return switch (values.get(key)) {
            case null -> otherwise;
            case GgufValue.Int value when value.type() != GgufValue.Type.UINT64 || value.value() >= 0 -> value.value();
            case GgufValue other -> throw wrongType(key, "an integer", other);
        };
    }

    /**
     * An integer that must be there.
     *
     * @param key its key
     * @return its value
     * @throws GgufException if it is missing or of another type
     */
    public long integer(String key) {
        if (!has(key)) throw missing(key);
        return integer(key, 0);
    }

    /**
     * A float, as the shortest decimal of its own type.
     *
     * @param key       its key
     * @param otherwise what to return where there is none
     * @return its value
     * @throws GgufException if it is no number
     */
    public double real(String key, double otherwise) {
        return switch (values.get(key)) {
            case null -> otherwise;
            case GgufValue.Real value -> value.decimal();
            case GgufValue.Int value -> value.value();
            case GgufValue other -> throw wrongType(key, "a float", other);
        };
    }

    /**
     * A float that must be there.
     *
     * @param key its key
     * @return its value
     * @throws GgufException if it is missing or no number
     */
    public double real(String key) {
        if (!has(key)) throw missing(key);
        return real(key, 0);
    }

    /**
     * A truth value.
     *
     * @param key       its key
     * @param otherwise what to return where there is none
     * @return its value
     * @throws GgufException if it is of another type
     */
    public boolean flag(String key, boolean otherwise) {
        return switch (values.get(key)) {
            case null -> otherwise;
            case GgufValue.Bool value -> value.value();
            case GgufValue other -> throw wrongType(key, "a truth value", other);
        };
    }

    /**
     * An array of strings.
     *
     * @param key its key
     * @return its elements; null where there is none
     * @throws GgufException if it is of another type
     */
    public List<String> texts(String key) {
        return switch (values.get(key)) {
            case null -> null;
            case GgufValue.Texts texts -> texts.values();
            case GgufValue.Numbers none when none.count() == 0 -> List.of();
            case GgufValue other -> throw wrongType(key, "an array of strings", other);
        };
    }

    /**
     * An array of numbers.
     *
     * @param key its key
     * @return it; null where there is none
     * @throws GgufException if it is of another type
     */
    public GgufValue.Numbers numbers(String key) {
        return switch (values.get(key)) {
            case null -> null;
            case GgufValue.Numbers numbers -> numbers;
            case GgufValue other -> throw wrongType(key, "an array of numbers", other);
        };
    }

    /** The file, for messages. */
    String file() { return file; }

    private GgufException missing(String key) { return error("metadata key " + key, "a value", "none"); }

    private GgufException wrongType(String key, String expected, GgufValue found) {
        return error("metadata key " + key, expected, found.type() + " " + found);
    }

    /** An error about what the metadata says. */
    GgufException error(String what, Object expected, Object found) {
        return new GgufException(Kind.BAD_METADATA, file, what, expected, found);
    }
}
