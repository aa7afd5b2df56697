package io.graft.formats.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Set;
import java.util.TreeSet;

/**
 * The tokens with a role, by {@code tokenizer_config.json} and {@code generation_config.json}.
 *
 * @param bos    begins a text; -1 for none
 * @param eos    ends a text, as the tokenizer says; -1 for none
 * @param pad    fills short texts of a batch; -1 for none
 * @param unk    stands for what is unknown; -1 for none
 * @param stop   the ids at which generation stops: those of the generation config, else {@code eos}
 */
public record SpecialTokens(int bos, int eos, int pad, int unk, Set<Integer> stop) {

    /** No token has a role. */
    public static final SpecialTokens NONE = new SpecialTokens(-1, -1, -1, -1, Set.of());

    static SpecialTokens read(TokenizerFiles files, Tokenizer tokenizer) {
        JsonObject config = files.objectOrEmpty("tokenizer_config.json"), generation = files.objectOrEmpty("generation_config.json");
        Set<Integer> stop = ids(generation.get("eos_token_id"));
        int eos = role(config, "eos_token", generation, "eos_token_id", tokenizer);
        if (stop.isEmpty() && eos >= 0) stop.add(eos);
        return new SpecialTokens(role(config, "bos_token", generation, "bos_token_id", tokenizer), eos,
                role(config, "pad_token", generation, "pad_token_id", tokenizer), role(config, "unk_token", generation, "unk_token_id", tokenizer), Set.copyOf(stop));
    }

    private static int role(JsonObject config, String key, JsonObject generation, String idKey, Tokenizer tokenizer) {
        String content = content(config.get(key));
        if (content != null) return tokenizer.tokenToId(content);
        Set<Integer> ids = ids(generation.get(idKey));
        return ids.isEmpty() ? -1 : ids.iterator().next();
    }

    /**
     * The text of a token of a config, which is written as such or as an object with its text in {@code content}.
     *
     * @param token the config's value; may be null
     * @return its text; null for none
     */
    public static String content(JsonElement token) {
        if (token instanceof JsonObject object) token = object.get("content");
        return token instanceof JsonPrimitive text && text.isString() ? text.getAsString() : null;
    }

    private static Set<Integer> ids(JsonElement element) {
        Set<Integer> ids = new TreeSet<>();
        if (element instanceof JsonArray list) {
            for (JsonElement each : list) ids.addAll(ids(each));
        } else if (element instanceof JsonPrimitive number && number.isNumber()) {
            ids.add(number.getAsInt());
        }
        return ids;
    }
}
