package io.graft.formats.huggingface;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.RopeStyle;
import io.graft.engine.model.Architecture;
import io.graft.engine.model.Rotary;
import io.graft.formats.huggingface.Families.Family;
import io.graft.formats.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Reads a config.json as an {@link Architecture}: the keys of published checkpoints ({@code rope_theta}, {@code rope_scaling}) and those
 * of Transformers 5 ({@code rope_parameters}, {@code layer_types}).
 *
 * <p>A family that is not known, or a value that would change the result in a way that Graft does not compute, is an error that names it.
 */
public final class Architectures {

    private static final String FULL = "full_attention", SLIDING = "sliding_attention";

    private final ConfigValues config;
    private final Family family;

    private Architectures(ConfigValues config, Family family) {
        this.config = config;
        this.family = family;
    }

    /**
     * What a config describes.
     *
     * @param where  the file, for messages
     * @param config the whole config.json
     * @return what the model computes
     * @throws RequestException if the family is unknown, a key is missing or wrong, or its value is one that Graft does not compute
     */
    public static Architecture of(String where, JsonObject config) {
        ConfigValues values = new ConfigValues(where, config);
        String type = values.text("model_type", null);
        Family family = type == null ? null : Families.BY_TYPE.get(type);
        if (family == null)
            throw new RequestException(where, "\"model_type\" is not one that Graft runs", String.join(", ", Families.BY_TYPE.keySet()), type == null ? "nothing" : type);
        return new Architectures(values, family).read();
    }

    private Architecture read() {
        refuseWhatChangesTheResult();
        int hidden = config.size("hidden_size"), layers = config.size("num_hidden_layers");
        boolean layerNorm = family.norm() == Architecture.NormKind.LAYER;
        double epsilon = config.positive(layerNorm ? "layer_norm_eps" : "rms_norm_eps", layerNorm ? 1e-5 : 1e-6);
        return new Architecture(family.modelType(), layers, hidden, config.size("intermediate_size"), config.size("vocab_size"),
                family.embeddingScaled() ? Math.sqrt(hidden) : 1, new Architecture.Norm(family.norm(), epsilon), family.block(), attention(hidden, layers),
                new Architecture.Mlp(activation(), family.reads("mlp_bias") && config.flag("mlp_bias", false)),
                new Architecture.Head(config.flag("tie_word_embeddings", family.tied()), family.reads("logit_scale") ? config.positive("logit_scale", 0.0625) : 1,
                        softCap("final_logit_softcapping", 30)),
                config.size("max_position_embeddings", 0));
    }

    private void refuseWhatChangesTheResult() {
        for (Map.Entry<String, List<String>> telling : Families.TELLING.entrySet()) {
            String key = telling.getKey();
            if (!config.has(key) || family.reads(key)) continue;
            JsonElement found = config.object().get(key);
            if (telling.getValue().contains(Json.line(found)) || harmless(key, found)) continue;
            throw new RequestException(config.where(), "\"" + key + "\" would change what a " + family.modelType() + " computes, in a way that Graft does not know",
                    telling.getValue().isEmpty() ? "null" : telling.getValue().getFirst(), Json.line(found));
        }
    }

    /** Layer types that say what the family does anyway, as Transformers 5 may write them into any config. */
    private static boolean harmless(String key, JsonElement found) {
        if (!key.equals("layer_types") || !(found instanceof JsonArray types)) return false;
        for (JsonElement type : types) if (!type.isJsonPrimitive() || !type.getAsString().equals(FULL)) return false;
        return true;
    }

    private Architecture.Attention attention(int hidden, int layers) {
        int heads = config.size("num_attention_heads");
        int kvHeads = config.size("num_key_value_heads", family.kvHeads() == 0 ? heads : family.kvHeads());
        if (heads % kvHeads != 0) throw config.wrong("num_key_value_heads", "a divisor of num_attention_heads, " + heads);
        int headDim = config.size("head_dim", family.headDim());
        if (headDim == 0) {
            if (hidden % heads != 0) throw config.wrong("num_attention_heads", "a divisor of hidden_size, " + hidden + ", or a key \"head_dim\"");
            headDim = hidden / heads;
        }
        if (headDim % 2 != 0) throw config.wrong("head_dim", "an even number");
        boolean bias = family.reads("attention_bias") && config.flag("attention_bias", false);
        double query = family.reads("query_pre_attn_scalar") ? config.positive("query_pre_attn_scalar", 256) : headDim;
        return new Architecture.Attention(heads, kvHeads, headDim, 1 / Math.sqrt(query), softCap("attn_logit_softcapping", 50), family.inputBias() || bias, bias,
                family.headNorms(), family.interleaved() ? RopeStyle.PAIRS : RopeStyle.HALVES, rotary(headDim, FULL), rotary(headDim, SLIDING), windows(layers));
    }

    /** Gemma 2 caps unless told not to; Gemma 3 has the keys, and caps only if told to. */
    private double softCap(String key, double gemma2) {
        if (!family.reads(key)) return 0;
        if (config.names(key)) return config.positive(key, 0);
        return family.modelType().equals("gemma2") ? gemma2 : 0;
    }

    private Activation activation() {
        String key = family.activation() == Activation.GELU_TANH ? "hidden_activation" : "hidden_act";
        String name = config.text(key, null);
        return switch (name) {
            case null -> family.activation();
            case "silu", "swish" -> Activation.SILU;
            case "gelu_pytorch_tanh", "gelu_new" -> Activation.GELU_TANH;
            default -> throw config.wrong(key, "silu or gelu_pytorch_tanh");
        };
    }

    private List<Integer> windows(int layers) {
        boolean windowed = family.reads("sliding_window") && config.flag("use_sliding_window", !family.reads("use_sliding_window"));
        int window = !windowed ? 0 : config.names("sliding_window") ? config.size("sliding_window", 0) : family.window();
        List<Integer> windows = new ArrayList<>(layers);
        List<String> types = layerTypes(layers);
        for (int layer = 0; layer < layers; layer++) {
            boolean sliding = types != null ? types.get(layer).equals(SLIDING) : slidesByDefault(layer);
            if (sliding && types != null && window == 0) throw config.wrong("layer_types", "no " + SLIDING + " without a sliding_window");
            windows.add(sliding ? window : 0);
        }
        return List.copyOf(windows);
    }

    private boolean slidesByDefault(int layer) {
        if (family.reads("use_sliding_window")) return layer >= config.size("max_window_layers", 28);
        int every = family.globalEvery();
        if (family.reads("sliding_window_pattern")) every = config.size("sliding_window_pattern", config.size("_sliding_window_pattern", every));
        return every == 0 || (layer + 1) % every != 0;
    }

    private List<String> layerTypes(int layers) {
        if (!family.reads("layer_types") || !config.has("layer_types")) return null;
        List<String> types = new ArrayList<>();
        if (!(config.object().get("layer_types") instanceof JsonArray array) || array.size() != layers)
            throw config.wrong("layer_types", "a list of " + layers + " names, one a layer");
        for (JsonElement type : array) {
            if (!type.isJsonPrimitive() || !(type.getAsString().equals(FULL) || type.getAsString().equals(SLIDING)))
                throw config.wrong("layer_types", FULL + " or " + SLIDING);
            types.add(type.getAsString());
        }
        return types;
    }

    private Rotary rotary(int headDim, String layerType) {
        ConfigValues parameters = config.child("rope_parameters");
        if (parameters != null && parameters.has(layerType)) parameters = parameters.child(layerType);
        if (parameters != null) return RotaryConfigs.of(headDim, parameters.positive("rope_theta", config.positive("rope_theta", family.theta())), parameters, config);
        boolean local = layerType.equals(SLIDING) && family.reads("rope_local_base_freq");
        if (local) return new Rotary(headDim, config.positive("rope_local_base_freq", 10_000), new Rotary.Scaling.None());
        return RotaryConfigs.of(headDim, config.positive("rope_theta", family.theta()), config.child("rope_scaling"), config);
    }
}
