package io.graft.formats.gguf;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes a byte-level BPE tokenizer of Hugging Face's into a GGUF's metadata: the inverse of {@link GgufTokenizer}. */
final class TokenizerMetadata {

    private static final String PREFIX = "tokenizer.ggml.";

    private final String where;
    private final JsonObject json;
    private final JsonObject config;
    private final JsonObject modelConfig;
    private final HeaderWriter out;
    private final List<String> notes;
    private final String[] tokens;
    private final int[] types;

    private TokenizerMetadata(String where, JsonObject json, JsonObject config, JsonObject modelConfig, int vocabulary, HeaderWriter out, List<String> notes) {
        this.where = where;
        this.json = json;
        this.config = config;
        this.modelConfig = modelConfig;
        this.out = out;
        this.notes = notes;
        tokens = new String[vocabulary];
        types = new int[vocabulary];
    }

    /**
     * Adds the entries, or a note that says why not.
     *
     * @param where       what errors call tokenizer.json
     * @param json        tokenizer.json
     * @param config      tokenizer_config.json, empty where there is none
     * @param template    a chat template from a file of its own; null for none
     * @param modelConfig config.json
     * @param vocabulary  rows of the embedding: as many tokens are written
     * @param out         receives the entries
     * @param notes       receives what the user should know
     * @throws RequestException if a token has no row in the embedding
     */
    static void add(String where, JsonObject json, JsonObject config, String template, JsonObject modelConfig, int vocabulary, HeaderWriter out, List<String> notes) {
        JsonObject model = json.get("model") instanceof JsonObject object ? object : new JsonObject();
        boolean ignoreMerges = model.get("ignore_merges") instanceof JsonPrimitive flag && flag.getAsBoolean();
        PreTokenizers split = PreTokenizers.ofTokenizer(json, ignoreMerges);
        if (!(model.get("type") instanceof JsonPrimitive type && type.getAsString().equals("BPE")) || split == null || !(model.get("vocab") instanceof JsonObject)) {
            notes.add(where + ": this kind of tokenizer is not written to a GGUF (byte-level BPE with a known split is); the file gets none");
            return;
        }
        new TokenizerMetadata(where, json, config, modelConfig, vocabulary, out, notes).write(model, split, template);
    }

    private void write(JsonObject model, PreTokenizers split, String template) {
        Arrays.fill(types, GgufTokenizer.NORMAL);
        model.getAsJsonObject("vocab").entrySet().forEach(entry -> put(entry.getKey(), entry.getValue().getAsLong()));
        boolean lossy = false;
        if (json.get("added_tokens") instanceof JsonArray added)
            for (JsonElement element : added) {
                JsonObject token = element.getAsJsonObject();
                int id = put(token.get("content").getAsString(), token.get("id").getAsLong());
                types[id] = flag(token, "special") ? GgufTokenizer.CONTROL : GgufTokenizer.USER_DEFINED;
                lossy |= flag(token, "lstrip") || flag(token, "rstrip") || flag(token, "single_word") || flag(token, "normalized");
            }
        if (lossy) notes.add(where + ": a GGUF cannot say lstrip, rstrip, single_word or normalized of added tokens; left out");
        for (int id = 0; id < tokens.length; id++)
            if (tokens[id] == null) {
                tokens[id] = "[PAD" + id + "]";
                types[id] = GgufTokenizer.UNUSED;
            }
        out.put(GgufTokenizer.MODEL, "gpt2");
        out.put(GgufTokenizer.PRE, split.ggufName());
        out.put(GgufTokenizer.TOKENS, List.of(tokens));
        out.put(GgufTokenizer.TYPES, types);
        List<String> merges = new ArrayList<>();
        for (JsonElement merge : model.getAsJsonArray("merges"))
            merges.add(merge instanceof JsonArray pair ? pair.get(0).getAsString() + " " + pair.get(1).getAsString() : merge.getAsString());
        out.put(GgufTokenizer.MERGES, merges);
        for (String[] name : new String[][] {{"bos", "bos"}, {"eos", "eos"}, {"pad", "padding"}, {"unk", "unknown"}}) special(name[0], name[1]);
        JsonArray single = template(json.get("post_processor"));
        out.put(PREFIX + "add_bos_token", single != null && single.get(0).getAsJsonObject().has("SpecialToken"));
        out.put(PREFIX + "add_eos_token", single != null && single.get(single.size() - 1).getAsJsonObject().has("SpecialToken"));
        if (json.get("pre_tokenizer").toString().contains("\"add_prefix_space\":true")) out.put(PREFIX + "add_space_prefix", true);
        String chat = template != null ? template : chatTemplate();
        if (chat != null) out.put(GgufTokenizer.CHAT_TEMPLATE, chat);
    }

    private int put(String token, long id) {
        if (id < 0 || id >= tokens.length)
            throw new RequestException(where, "token " + id + " has no row in the embedding", "ids below " + tokens.length, id);
        tokens[(int) id] = token;
        return (int) id;
    }

    /** A special token by its text in tokenizer_config.json, else by its id in config.json. */
    private void special(String name, String key) {
        JsonElement text = config.get(name + "_token");
        if (text instanceof JsonObject object) text = object.get("content");
        long id = -1;
        if (text instanceof JsonPrimitive content && content.isString()) id = List.of(tokens).indexOf(content.getAsString());
        JsonElement number = modelConfig.get(name + "_token_id");
        if (number instanceof JsonArray several && !several.isEmpty()) number = several.get(0);
        if (id < 0 && number instanceof JsonPrimitive value && value.isNumber() && value.getAsLong() < tokens.length) id = value.getAsLong();
        if (id >= 0) out.put(PREFIX + key + "_token_id", id);
    }

    /** The items of the post-processor's template for one text; null where it has none. */
    private static JsonArray template(JsonElement processor) {
        if (!(processor instanceof JsonObject object)) return null;
        if (object.get("single") instanceof JsonArray single && !single.isEmpty()) return single;
        if (object.get("processors") instanceof JsonArray parts)
            for (JsonElement part : parts) {
                JsonArray found = template(part);
                if (found != null) return found;
            }
        return null;
    }

    private String chatTemplate() {
        JsonElement template = config.get("chat_template");
        if (template instanceof JsonArray named)
            for (JsonElement each : named)
                if (each instanceof JsonObject one && one.get("name") instanceof JsonPrimitive name && name.getAsString().equals("default")) template = one.get("template");
        return template instanceof JsonPrimitive text && text.isString() ? text.getAsString() : null;
    }

    private static boolean flag(JsonObject token, String key) { return token.get(key) instanceof JsonPrimitive flag && flag.isBoolean() && flag.getAsBoolean(); }
}
