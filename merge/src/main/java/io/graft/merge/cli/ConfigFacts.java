package io.graft.merge.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.formats.gguf.GgufMetadata;
import io.graft.formats.gguf.GgufValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a config says that a person asks first: family, layers, widths, heads, vocabulary. */
final class ConfigFacts {

    private static final List<String> KEYS = List.of("model_type", "num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads",
            "head_dim", "num_local_experts", "vocab_size", "max_position_embeddings", "tie_word_embeddings");
    private static final Map<String, String> WORDS = Map.of("num_hidden_layers", "layers", "hidden_size", "hidden", "intermediate_size", "mlp", "num_attention_heads", "heads",
            "num_key_value_heads", "key/value heads", "num_local_experts", "experts", "vocab_size", "words", "max_position_embeddings", "positions", "head_dim", "head size");

    private ConfigFacts() {}

    /**
     * The facts of a config.json; those of a multimodal one stand under {@code text_config}.
     *
     * @param config the whole config
     * @return key to value, in the order in which a person asks
     */
    static Map<String, JsonPrimitive> of(JsonObject config) {
        JsonObject text = config.get("text_config") instanceof JsonObject inner ? inner : config;
        Map<String, JsonPrimitive> facts = new LinkedHashMap<>();
        for (String key : KEYS) {
            JsonElement value = text.has(key) ? text.get(key) : config.get(key);
            if (value instanceof JsonPrimitive simple) facts.put(key, simple);
        }
        JsonElement dtype = text.has("dtype") ? text.get("dtype") : text.has("torch_dtype") ? text.get("torch_dtype") : config.get("torch_dtype");
        if (dtype instanceof JsonPrimitive simple) facts.put("dtype", simple);
        return facts;
    }

    /**
     * The facts of a GGUF file, under the names that config.json gives them.
     *
     * @param metadata the file's
     * @return the same keys
     */
    static Map<String, JsonPrimitive> of(GgufMetadata metadata) {
        Map<String, JsonPrimitive> facts = new LinkedHashMap<>();
        String family = metadata.get("general.architecture") instanceof GgufValue.Text text ? text.value() : null;
        if (family == null) return facts;
        facts.put("model_type", new JsonPrimitive(family));
        Map<String, String> names = new LinkedHashMap<>();
        names.put("num_hidden_layers", "block_count");
        names.put("hidden_size", "embedding_length");
        names.put("intermediate_size", "feed_forward_length");
        names.put("num_attention_heads", "attention.head_count");
        names.put("num_key_value_heads", "attention.head_count_kv");
        names.put("vocab_size", "vocab_size");
        names.put("max_position_embeddings", "context_length");
        names.forEach((key, name) -> {
            if (metadata.get(family + "." + name) instanceof GgufValue.Int number) facts.put(key, new JsonPrimitive(number.value()));
        });
        return facts;
    }

    /**
     * The facts in a line.
     *
     * @param facts of a config
     * @return such as {@code llama, 8 layers, hidden 64, 4 heads}; empty where nothing is known
     */
    static String line(Map<String, JsonPrimitive> facts) {
        StringBuilder line = new StringBuilder();
        facts.forEach((key, value) -> {
            String text = Text.oneLine(value.getAsString(), 60), word = WORDS.get(key);
            String fact = switch (key) {
                case "model_type", "dtype" -> text;
                case "hidden_size", "intermediate_size", "head_dim" -> word + " " + text;
                case "tie_word_embeddings" -> text.equals("true") ? "tied head" : "own head";
                default -> text + " " + word;
            };
            line.append(line.isEmpty() ? "" : ", ").append(fact);
        });
        return line.toString();
    }
}
