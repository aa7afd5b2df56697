package io.graft.formats.gguf;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * How byte-level tokenizers cut a text into words, under the names of {@code tokenizer.ggml.pre}: those whose pipeline in
 * tokenizer.json is known.
 *
 * <p>Several names share a pipeline; {@link #ofTokenizer} gives the first, in the order of this list.
 */
enum PreTokenizers {
    /** GPT-2's words. */
    GPT2(List.of("gpt-2"), false, null, false, false, false),
    /** Every digit a word, else GPT-2's words. */
    SMOLLM(List.of("smollm", "starcoder"), false, null, true, false, false),
    /** The same after NFC. */
    COMMAND_R(List.of("command-r"), true, null, true, false, true),
    /** Llama 3's words: digits in threes. */
    LLAMA3(List.of("llama-bpe", "llama3", "llama-v3", "falcon3"), false, "\\p{N}{1,3}", false, true, true),
    /** Qwen's words: single digits, after NFC. */
    QWEN2(List.of("qwen2"), true, "\\p{N}", false, false, false);

    private final List<String> names;
    private final boolean nfc;
    private final String numbers;
    private final boolean digits;
    private final boolean ignoreMerges;
    private final boolean addsBos;

    /**
     * @param names        in GGUF
     * @param nfc          whether texts are normalised first
     * @param numbers      the pattern of numbers in the words of Llama 3 and Qwen; null for GPT-2's words
     * @param digits       whether digits are cut apart before that
     * @param ignoreMerges whether a word that is a token stays whole
     * @param addsBos      whether a BOS token precedes a text where the metadata does not say
     */
    PreTokenizers(List<String> names, boolean nfc, String numbers, boolean digits, boolean ignoreMerges, boolean addsBos) {
        this.names = names;
        this.nfc = nfc;
        this.numbers = numbers;
        this.digits = digits;
        this.ignoreMerges = ignoreMerges;
        this.addsBos = addsBos;
    }

    /** The one of a name; null where it is none of these, or there is no name. */
    static PreTokenizers ofGguf(String name) {
        if (name == null) return null; // a list of one element does not take the question whether it has null
        for (PreTokenizers each : values()) if (each.names.contains(name)) return each;
        return null;
    }

    /** All names that are known. */
    static String names() {
        List<String> all = new ArrayList<>();
        for (PreTokenizers each : values()) all.addAll(each.names);
        return "one of " + all;
    }

    /** The pipeline of a tokenizer.json; null where it is none of these. */
    static PreTokenizers ofTokenizer(JsonObject tokenizer, boolean ignoreMerges) {
        for (PreTokenizers each : values())
            for (boolean prefix : new boolean[] {false, true})
                if (each.ignoreMerges == ignoreMerges && Objects.equals(core(each.preTokenizer(prefix)), core(tokenizer.get("pre_tokenizer")))
                        && Objects.equals(each.normalizer(), orNull(tokenizer.get("normalizer")))) return each;
        return null;
    }

    /** Without what changes offsets only. */
    private static JsonElement core(JsonElement element) {
        JsonElement copy = orNull(element).deepCopy();
        if (copy instanceof JsonObject object) {
            object.remove("trim_offsets");
            if (object.get("pretokenizers") instanceof JsonArray parts) for (JsonElement part : parts) if (part instanceof JsonObject each) each.remove("trim_offsets");
        }
        return copy;
    }

    private static JsonElement orNull(JsonElement element) { return element == null ? JsonNull.INSTANCE : element; }

    /** The name to write. */
    String ggufName() { return names.getFirst(); }

    boolean ignoreMerges() { return ignoreMerges; }

    boolean addsBos() { return addsBos; }

    JsonElement normalizer() { return nfc ? GgufTokenizer.typed("NFC") : JsonNull.INSTANCE; }

    JsonObject preTokenizer(boolean prefix) {
        if (numbers != null) {
            JsonObject pattern = new JsonObject(), split = GgufTokenizer.typed("Split");
            pattern.addProperty("Regex", "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" + numbers + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");
            split.add("pattern", pattern);
            split.addProperty("behavior", "Isolated");
            split.addProperty("invert", false);
            return GgufTokenizer.sequence("pretokenizers", split, byteLevel(prefix, false));
        }
        if (!digits) return byteLevel(prefix, true);
        JsonObject each = GgufTokenizer.typed("Digits");
        each.addProperty("individual_digits", true);
        return GgufTokenizer.sequence("pretokenizers", each, byteLevel(prefix, true));
    }

    /** What published files of the family have, apart from a template; it changes offsets only. */
    JsonElement postProcessor() {
        if (digits) return JsonNull.INSTANCE;
        JsonObject level = byteLevel(true, true);
        level.addProperty("trim_offsets", false);
        return level;
    }

    static JsonObject byteLevel(boolean prefix, boolean regex) {
        JsonObject level = GgufTokenizer.typed("ByteLevel");
        level.addProperty("add_prefix_space", prefix);
        level.addProperty("trim_offsets", true);
        level.addProperty("use_regex", regex);
        return level;
    }
}
