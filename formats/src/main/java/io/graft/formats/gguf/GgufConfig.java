package io.graft.formats.gguf;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.model.Rotary;
import io.graft.formats.json.Json;
import java.util.Map;
import java.util.function.Function;

/**
 * A config.json out of a GGUF's metadata. What the metadata does not say and llama.cpp takes for granted is written out;
 * what would change the result and has no place in the family's config is refused by its key.
 */
final class GgufConfig {

    /** Our own key: the {@code rope_scaling} of a Llama 3, of which the format itself keeps only the resulting factors. */
    static final String ROPE_SCALING = "graft.rope_scaling";
    static final String ROPE_FACTORS = "rope_freqs.weight";

    /** Keys (after the family's prefix) with which some family of llama.cpp computes something else; no family here reads them. */
    private static final String[] REFUSED = {"expert_count", "attention.clamp_kqv", "attention.max_alibi_bias", "attention.scale", "residual_scale", "embedding_scale",
        "attention.causal", "use_parallel_residual", "rope.scaling.attn_factor", "attention.temperature_length"};

    private final GgufFamily family;
    private final GgufMetadata metadata;
    /** Shapes by the file's names. */
    private final Map<String, Shape> tensors;
    /** The values of a small tensor, which is there. */
    private final Function<String, float[]> values;
    private final DType dtype;
    private final JsonObject config = new JsonObject();

    private GgufConfig(GgufFamily family, GgufMetadata metadata, Map<String, Shape> tensors, Function<String, float[]> values, DType dtype) {
        this.family = family;
        this.metadata = metadata;
        this.tensors = tensors;
        this.values = values;
        this.dtype = dtype;
    }

    /**
     * Makes the config.
     *
     * @param family   the model's family
     * @param metadata its metadata
     * @param tensors  shapes by the file's names
     * @param values   reads a small tensor by the file's name
     * @param dtype    what most of it is stored as
     * @return config.json
     * @throws GgufException if the metadata lacks something, or says something that the config cannot
     */
    static JsonObject of(GgufFamily family, GgufMetadata metadata, Map<String, Shape> tensors, Function<String, float[]> values, DType dtype) {
        return new GgufConfig(family, metadata, tensors, values, dtype).make();
    }

    private JsonObject make() {
        for (String key : REFUSED)
            if (has(key) && !(metadata.get(key(key)) instanceof GgufValue.Int count && count.value() == 0) && !(metadata.get(key(key)) instanceof GgufValue.Bool))
                throw refuse(key(key), "nothing: Graft does not compute it in a " + family.architecture);
        JsonArray classes = new JsonArray();
        classes.add(family.className);
        config.add("architectures", classes);
        config.addProperty("model_type", family.modelType);
        long hidden = integer("embedding_length"), heads = integer("attention.head_count"), kvHeads = metadata.integer(key("attention.head_count_kv"), heads);
        if (hidden < 1 || heads < 1 || kvHeads < 1) throw metadata.error("sizes of the model", "positive numbers", hidden + ", " + heads + ", " + kvHeads);
        long headDim = metadata.integer(key("attention.key_length"), hidden / heads);
        same("attention.value_length", headDim);
        same("rope.dimension_count", headDim);
        long layers = integer("block_count");
        config.addProperty("hidden_size", hidden);
        config.addProperty("intermediate_size", integer("feed_forward_length"));
        config.addProperty("num_hidden_layers", layers);
        config.addProperty("num_attention_heads", heads);
        config.addProperty("num_key_value_heads", kvHeads);
        if (family != GgufFamily.COHERE && (family != GgufFamily.QWEN2 || headDim * heads != hidden)) config.addProperty("head_dim", headDim);
        else if (headDim * heads != hidden) throw refuse(key("attention.key_length"), hidden / heads);
        Shape embeddings = tensors.get("token_embd.weight");
        if (embeddings == null || embeddings.rank() != 2 || embeddings.columns() != hidden)
            throw metadata.error("tensor token_embd.weight", "a shape of [vocabulary, " + hidden + "]", embeddings);
        config.addProperty("vocab_size", embeddings.size(0));
        config.addProperty("max_position_embeddings", integer("context_length"));
        if (family == GgufFamily.COHERE) config.addProperty("layer_norm_eps", metadata.real(key("attention.layer_norm_epsilon")));
        else config.addProperty("rms_norm_eps", metadata.real(key("attention.layer_norm_rms_epsilon")));
        config.addProperty("rope_theta", metadata.real(key("rope.freq_base"), family == GgufFamily.GEMMA3 ? 1_000_000 : 10_000));
        JsonObject scaling = scaling(headDim);
        config.add("rope_scaling", scaling == null ? JsonNull.INSTANCE : scaling);
        ofFamily(hidden, heads, headDim, layers);
        config.addProperty("attention_dropout", 0.0);
        config.addProperty("tie_word_embeddings", !tensors.containsKey("output.weight"));
        config.addProperty("use_cache", true);
        config.addProperty("torch_dtype", dtype.torchName());
        tokenId("bos_token_id");
        tokenId("eos_token_id");
        tokenId("padding_token_id");
        return config;
    }

    private void ofFamily(long hidden, long heads, long headDim, long layers) {
        boolean gemma = family.normOffset == 1;
        config.addProperty(gemma ? "hidden_activation" : "hidden_act", gemma ? "gelu_pytorch_tanh" : "silu");
        if (family == GgufFamily.QWEN2) config.addProperty("use_sliding_window", false);
        else config.addProperty("attention_bias", tensors.containsKey("blk.0.attn_output.bias"));
        if (family == GgufFamily.LLAMA) config.addProperty("mlp_bias", tensors.containsKey("blk.0.ffn_down.bias"));
        if (family == GgufFamily.COHERE) {
            config.addProperty("logit_scale", metadata.real(key("logit_scale")));
            config.addProperty("use_qk_norm", tensors.containsKey("blk.0.attn_q_norm.weight"));
        } else if (has("logit_scale")) throw refuse(key("logit_scale"), "nothing");
        if (family == GgufFamily.GEMMA2) {
            config.addProperty("attn_logit_softcapping", metadata.real(key("attn_logit_softcapping"), 50));
            config.addProperty("final_logit_softcapping", metadata.real(key("final_logit_softcapping"), 30));
        } else if (has("attn_logit_softcapping") || has("final_logit_softcapping")) throw refuse(key("attn_logit_softcapping"), "nothing");
        if (gemma) {
            // The metadata has no key for it: llama.cpp knows the largest model of each family by its number of layers.
            boolean largest = layers == (family == GgufFamily.GEMMA2 ? 46 : 62);
            config.addProperty("query_pre_attn_scalar", largest ? hidden / heads : headDim);
            config.addProperty("sliding_window", metadata.integer(key("attention.sliding_window"), 4096));
            if (family == GgufFamily.GEMMA3) {
                config.addProperty("rope_local_base_freq", metadata.real(key("rope.freq_base_swa"), 10_000));
                config.addProperty("sliding_window_pattern", metadata.integer(key("attention.sliding_window_pattern"), 6));
            }
        } else if (metadata.integer(key("attention.sliding_window"), 0) != 0) {
            if (family != GgufFamily.LLAMA) throw refuse(key("attention.sliding_window"), "nothing");
            JsonArray classes = new JsonArray();
            classes.add("MistralForCausalLM");
            config.add("architectures", classes);
            config.addProperty("model_type", "mistral");
            config.addProperty("sliding_window", integer("attention.sliding_window"));
        }
    }

    private JsonObject scaling(long headDim) {
        if (tensors.containsKey(ROPE_FACTORS)) return llama3(headDim);
        String type = metadata.text(key("rope.scaling.type"));
        double factor = metadata.real(key("rope.scaling.factor"), metadata.real(key("rope.scale_linear"), 1));
        if (type == null ? factor == 1 : type.equals("none")) return null;
        JsonObject scaling = new JsonObject();
        switch (type == null ? "linear" : type) {
            case "linear" -> {
                scaling.addProperty("rope_type", "linear");
                scaling.addProperty("factor", factor);
            }
            case "yarn" -> {
                for (String key : new String[] {"yarn_log_multiplier", "yarn_ext_factor", "yarn_attn_factor"})
                    if (has("rope.scaling." + key)) throw refuse(key("rope.scaling." + key), "nothing");
                scaling.addProperty("rope_type", "yarn");
                scaling.addProperty("factor", factor);
                scaling.addProperty("original_max_position_embeddings", integer("rope.scaling.original_context_length"));
                if (has("rope.scaling.yarn_beta_fast")) scaling.addProperty("beta_fast", metadata.real(key("rope.scaling.yarn_beta_fast")));
                if (has("rope.scaling.yarn_beta_slow")) scaling.addProperty("beta_slow", metadata.real(key("rope.scaling.yarn_beta_slow")));
            }
            default -> throw refuse(key("rope.scaling.type"), "none, linear or yarn");
        }
        return scaling;
    }

    /**
     * Llama 3's scaling. The file has the divisor of every frequency; the numbers that gave them are those of the published
     * models (or what our own writer left), and are taken only if they give these divisors.
     */
    private JsonObject llama3(long headDim) {
        float[] factors = values.apply(ROPE_FACTORS);
        if (factors.length != headDim / 2) throw metadata.error("tensor " + ROPE_FACTORS, headDim / 2 + " values", factors.length);
        JsonObject scaling = new JsonObject();
        if (metadata.has(ROPE_SCALING)) {
            if (!(Json.parse(metadata.file() + ": " + ROPE_SCALING, metadata.text(ROPE_SCALING)) instanceof JsonObject own)) throw refuse(ROPE_SCALING, "an object");
            scaling = own;
            for (String key : new String[] {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"})
                if (!(scaling.get(key) instanceof JsonPrimitive number && number.isNumber() && number.getAsDouble() > 0)) throw refuse(ROPE_SCALING, "a positive number as " + key);
        } else {
            float largest = 1;
            for (float factor : factors) largest = Math.max(largest, factor);
            scaling.addProperty("rope_type", "llama3");
            scaling.addProperty("factor", (double) largest);
            scaling.addProperty("low_freq_factor", 1.0);
            scaling.addProperty("high_freq_factor", 4.0);
            scaling.addProperty("original_max_position_embeddings", 8192);
        }
        double[] expected = llama3Factors(headDim, config.get("rope_theta").getAsDouble(), new Rotary.Scaling.Llama3(scaling.get("factor").getAsDouble(),
                scaling.get("low_freq_factor").getAsDouble(), scaling.get("high_freq_factor").getAsDouble(), (long) scaling.get("original_max_position_embeddings").getAsDouble()));
        for (int i = 0; i < factors.length; i++)
            if (Math.abs(factors[i] - expected[i]) > 1e-5 * expected[i]) // float32 arithmetic of whoever wrote the file
                throw metadata.error("tensor " + ROPE_FACTORS, "the divisors of Llama 3's rope scaling " + scaling, factors[i] + " instead of " + expected[i] + " at " + i);
        return scaling;
    }

    /** By what Llama 3 divides each frequency. */
    static double[] llama3Factors(long headDim, double theta, Rotary.Scaling.Llama3 scaling) {
        double[] plain = new Rotary((int) headDim, theta, new Rotary.Scaling.None()).frequencies(0), scaled = new Rotary((int) headDim, theta, scaling).frequencies(0);
        double[] factors = new double[plain.length];
        for (int i = 0; i < factors.length; i++) factors[i] = plain[i] / scaled[i];
        return factors;
    }

    private void tokenId(String key) {
        if (metadata.has("tokenizer.ggml." + key)) config.addProperty(key.equals("padding_token_id") ? "pad_token_id" : key, metadata.integer("tokenizer.ggml." + key));
    }

    private void same(String key, long expected) {
        if (metadata.integer(key(key), expected) != expected) throw refuse(key(key), expected);
    }

    private GgufException refuse(String key, Object expected) { return metadata.error("metadata key " + key + " has a value that Graft cannot honour", expected, metadata.get(key)); }

    private boolean has(String key) { return metadata.has(key(key)); }

    private long integer(String key) { return metadata.integer(key(key)); }

    private String key(String key) { return family.architecture + "." + key; }
}
