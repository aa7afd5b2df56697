package io.graft.formats.gguf;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.graft.formats.gguf.GgufException.Kind;
import io.graft.formats.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * tokenizer.json and tokenizer_config.json out of a GGUF's metadata.
 *
 * <p>Only what is known to give the same ids: {@code gpt2} with the splits of {@link PreTokenizers}, and {@code llama}
 * (SentencePiece's BPE, whose merges follow from the pieces' scores). Everything else is refused by name: a tokenizer that is
 * nearly right is worse than none.
 */
final class GgufTokenizer {

    private static final String PREFIX = "tokenizer.ggml.";
    static final String MODEL = PREFIX + "model", PRE = PREFIX + "pre", TOKENS = PREFIX + "tokens", TYPES = PREFIX + "token_type", MERGES = PREFIX + "merges",
            SCORES = PREFIX + "scores", CHAT_TEMPLATE = "tokenizer.chat_template";
    /** Values of {@link #TYPES}. */
    static final int NORMAL = 1, UNKNOWN = 2, CONTROL = 3, USER_DEFINED = 4, UNUSED = 5, BYTE = 6;

    private final GgufMetadata metadata;
    private final List<String> tokens;

    private GgufTokenizer(GgufMetadata metadata) {
        this.metadata = metadata;
        this.tokens = metadata.texts(TOKENS);
        if (tokens == null) throw metadata.error("metadata key " + TOKENS, "the tokens", "none");
        if (metadata.has(TYPES) && metadata.numbers(TYPES).count() != tokens.size())
            throw metadata.error("metadata key " + TYPES, tokens.size() + " types, one a token", metadata.numbers(TYPES).count());
    }

    /** Whether there is a tokenizer at all. */
    static boolean isPresent(GgufMetadata metadata) { return metadata.has(MODEL) && !"none".equals(metadata.text(MODEL)); }

    /**
     * Makes the files.
     *
     * @param metadata of the model
     * @return name to text; empty where there is no tokenizer
     * @throws GgufException if the tokenizer is one that Graft does not know
     */
    static SequencedMap<String, String> files(GgufMetadata metadata) {
        SequencedMap<String, String> files = new LinkedHashMap<>();
        if (!isPresent(metadata)) return files;
        GgufTokenizer tokenizer = new GgufTokenizer(metadata);
        JsonObject json = switch (metadata.text(MODEL)) {
            case "gpt2" -> tokenizer.byteLevel();
            case "llama" -> tokenizer.sentencePiece();
            default -> throw new GgufException(Kind.BAD_METADATA, metadata.file(), MODEL + " is a tokenizer that Graft does not know", "gpt2 or llama", metadata.text(MODEL),
                    "convert from the original model's folder, which has a tokenizer.json");
        };
        files.put("tokenizer.json", Json.write(json));
        files.put("tokenizer_config.json", Json.write(tokenizer.config()));
        return files;
    }

    private JsonObject byteLevel() {
        PreTokenizers split = PreTokenizers.ofGguf(metadata.text(PRE));
        if (split == null)
            throw new GgufException(Kind.BAD_METADATA, metadata.file(), PRE + " is a split that Graft does not know", PreTokenizers.names(), metadata.text(PRE),
                    "convert from the original model's folder, which has a tokenizer.json");
        List<String> pairs = metadata.texts(MERGES);
        if (pairs == null) throw metadata.error("metadata key " + MERGES, "the merges of a gpt2 tokenizer", "none");
        JsonArray merges = new JsonArray();
        for (String pair : pairs) {
            // A space within a part is written as G with a dot, so that the first one after the first character divides.
            int space = pair.indexOf(' ', 1);
            if (space < 0 || space == pair.length() - 1) throw metadata.error("metadata key " + MERGES, "two parts with a space between them", '"' + pair + '"');
            merges.add(pair(pair.substring(0, space), pair.substring(space + 1)));
        }
        boolean prefix = metadata.flag(PREFIX + "add_space_prefix", false);
        JsonObject json = frame(split.normalizer(), split.preTokenizer(prefix), PreTokenizers.byteLevel(true, true), bpe(merges, null, split.ignoreMerges()));
        JsonObject template = template(split.addsBos(), false);
        if (template == null) json.add("post_processor", split.postProcessor());
        else json.add("post_processor", split.postProcessor() == JsonNull.INSTANCE ? template : sequence("processors", split.postProcessor().getAsJsonObject(), template));
        return json;
    }

    private JsonObject sentencePiece() {
        boolean prefix = metadata.flag(PREFIX + "add_space_prefix", true);
        JsonObject toMark = replace(" ", "\u2581");
        JsonObject prepend = typed("Prepend");
        prepend.addProperty("prepend", "\u2581");
        JsonObject toSpace = replace("\u2581", " "), strip = typed("Strip");
        strip.addProperty("content", " ");
        strip.addProperty("start", 1);
        strip.addProperty("stop", 0);
        JsonObject decoder = prefix ? sequence("decoders", toSpace, typed("ByteFallback"), typed("Fuse"), strip) : sequence("decoders", toSpace, typed("ByteFallback"), typed("Fuse"));
        GgufValue.Numbers scores = metadata.numbers(SCORES);
        if (scores == null || scores.count() != tokens.size()) throw metadata.error("metadata key " + SCORES, tokens.size() + " scores, one a token", metadata.get(SCORES));
        JsonArray merges = new JsonArray();
        for (PieceMerges.Merge merge : PieceMerges.of(tokens, scores, this::type)) merges.add(pair(merge.left(), merge.right()));
        String unknown = token("unknown_token_id", 0);
        JsonObject json = frame(prefix ? sequence("normalizers", prepend, toMark) : toMark, JsonNull.INSTANCE, decoder, bpe(merges, unknown, false));
        JsonObject template = template(true, false);
        json.add("post_processor", template == null ? JsonNull.INSTANCE : template);
        return json;
    }

    private JsonObject frame(JsonElement normalizer, JsonElement preTokenizer, JsonObject decoder, JsonObject model) {
        JsonObject json = new JsonObject();
        json.addProperty("version", "1.0");
        json.add("truncation", JsonNull.INSTANCE);
        json.add("padding", JsonNull.INSTANCE);
        JsonArray added = new JsonArray();
        for (int id = 0; id < tokens.size(); id++) {
            int type = type(id);
            if (type == CONTROL || type == USER_DEFINED || type == UNKNOWN) {
                JsonObject token = new JsonObject();
                token.addProperty("id", id);
                token.addProperty("content", tokens.get(id));
                for (String no : new String[] {"single_word", "lstrip", "rstrip", "normalized"}) token.addProperty(no, false);
                token.addProperty("special", type != USER_DEFINED);
                added.add(token);
            }
        }
        json.add("added_tokens", added);
        json.add("normalizer", normalizer);
        json.add("pre_tokenizer", preTokenizer);
        json.add("post_processor", JsonNull.INSTANCE);
        json.add("decoder", decoder);
        json.add("model", model);
        return json;
    }

    private JsonObject bpe(JsonArray merges, String unknown, boolean ignoreMerges) {
        JsonObject model = typed("BPE");
        model.add("dropout", JsonNull.INSTANCE);
        if (unknown == null) model.add("unk_token", JsonNull.INSTANCE);
        else model.addProperty("unk_token", unknown);
        model.add("continuing_subword_prefix", JsonNull.INSTANCE);
        model.add("end_of_word_suffix", JsonNull.INSTANCE);
        model.addProperty("fuse_unk", unknown != null);
        model.addProperty("byte_fallback", unknown != null);
        model.addProperty("ignore_merges", ignoreMerges);
        JsonObject vocabulary = new JsonObject();
        for (int id = 0; id < tokens.size(); id++) {
            if (vocabulary.has(tokens.get(id))) throw metadata.error("metadata key " + TOKENS, "every token once", '"' + tokens.get(id) + "\" twice");
            vocabulary.addProperty(tokens.get(id), id);
        }
        model.add("vocab", vocabulary);
        model.add("merges", merges);
        return model;
    }

    /** The post-processor that puts a token before or after a text; null where the metadata asks for neither. */
    private JsonObject template(boolean bosByDefault, boolean eosByDefault) {
        String bos = metadata.flag(PREFIX + "add_bos_token", bosByDefault) ? token("bos_token_id", -1) : null;
        String eos = metadata.flag(PREFIX + "add_eos_token", eosByDefault) ? token("eos_token_id", -1) : null;
        if (bos == null && eos == null) return null;
        JsonArray single = new JsonArray(), pair = new JsonArray();
        JsonObject special = new JsonObject();
        for (int part = 0; part < 2; part++) {
            JsonArray[] into = part == 0 ? new JsonArray[] {single, pair} : new JsonArray[] {pair};
            for (JsonArray list : into) {
                if (bos != null) list.add(item("SpecialToken", bos, part));
                list.add(item("Sequence", part == 0 ? "A" : "B", part));
                if (eos != null) list.add(item("SpecialToken", eos, part));
            }
        }
        for (String token : new String[] {bos, eos}) {
            if (token == null) continue;
            JsonObject entry = new JsonObject();
            entry.addProperty("id", token);
            JsonArray ids = new JsonArray(), names = new JsonArray();
            ids.add(tokens.indexOf(token));
            names.add(token);
            entry.add("ids", ids);
            entry.add("tokens", names);
            special.add(token, entry);
        }
        JsonObject template = typed("TemplateProcessing");
        template.add("single", single);
        template.add("pair", pair);
        template.add("special_tokens", special);
        return template;
    }

    private static JsonObject item(String kind, String id, int part) {
        JsonObject inner = new JsonObject(), item = new JsonObject();
        inner.addProperty("id", id);
        inner.addProperty("type_id", part);
        item.add(kind, inner);
        return item;
    }

    private JsonObject config() {
        JsonObject config = new JsonObject(), added = new JsonObject();
        for (int id = 0; id < tokens.size(); id++) {
            int type = type(id);
            if (type != CONTROL && type != USER_DEFINED && type != UNKNOWN) continue;
            JsonObject token = new JsonObject();
            token.addProperty("content", tokens.get(id));
            for (String no : new String[] {"lstrip", "normalized", "rstrip", "single_word"}) token.addProperty(no, false);
            token.addProperty("special", type != USER_DEFINED);
            added.add(Integer.toString(id), token);
        }
        config.add("added_tokens_decoder", added);
        String[][] names = {{"bos_token_id", "bos_token"}, {"eos_token_id", "eos_token"}, {"padding_token_id", "pad_token"}, {"unknown_token_id", "unk_token"}};
        for (String[] name : names) {
            String token = token(name[0], -1);
            if (token != null) config.addProperty(name[1], token);
        }
        config.addProperty("clean_up_tokenization_spaces", false);
        long length = metadata.integer(metadata.text("general.architecture") + ".context_length", 0);
        if (length > 0) config.addProperty("model_max_length", length);
        config.addProperty("tokenizer_class", "PreTrainedTokenizerFast");
        if (metadata.text(CHAT_TEMPLATE) != null) config.addProperty("chat_template", metadata.text(CHAT_TEMPLATE));
        return config;
    }

    /** The token that a key names; null where there is no such key and no default. */
    private String token(String key, long otherwise) {
        long id = metadata.integer(PREFIX + key, otherwise);
        if (id == -1 || id == 0xFFFFFFFFL) return null; // the second is how some writers say "none" in a UINT32
        if (id < 0 || id >= tokens.size()) throw metadata.error("metadata key " + PREFIX + key, "an id below " + tokens.size(), id);
        return tokens.get((int) id);
    }

    private int type(int id) { return metadata.has(TYPES) ? (int) metadata.numbers(TYPES).integer(id) : NORMAL; }

    static JsonObject typed(String type) {
        JsonObject object = new JsonObject();
        object.addProperty("type", type);
        return object;
    }

    static JsonObject sequence(String key, JsonObject... parts) {
        JsonArray list = new JsonArray();
        for (JsonObject part : parts) list.add(part);
        JsonObject sequence = typed("Sequence");
        sequence.add(key, list);
        return sequence;
    }

    private static JsonObject replace(String what, String by) {
        JsonObject pattern = new JsonObject(), replace = typed("Replace");
        pattern.addProperty("String", what);
        replace.add("pattern", pattern);
        replace.addProperty("content", by);
        return replace;
    }

    private static JsonArray pair(String left, String right) {
        JsonArray pair = new JsonArray();
        pair.add(left);
        pair.add(right);
        return pair;
    }
}
