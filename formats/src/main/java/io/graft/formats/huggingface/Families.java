package io.graft.formats.huggingface;

import io.graft.engine.kernel.Activation;
import io.graft.engine.model.Architecture.Block;
import io.graft.engine.model.Architecture.NormKind;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The model families: what each takes for granted that its config.json does not say, and which keys it reads that others do not.
 * Defaults are those of Transformers' config classes, for keys that published files of the family leave out.
 */
final class Families {

    private Families() {}

    /**
     * A family.
     *
     * @param modelType       its {@code model_type}
     * @param norm            its normalisation
     * @param block           its wiring
     * @param inputBias       whether q, k and v have biases whatever the config says
     * @param headNorms       whether q and k are normalised
     * @param interleaved     whether rotated pairs are neighbours
     * @param activation      the default of {@code hidden_act} ({@code hidden_activation} in Gemma)
     * @param tied            the default of {@code tie_word_embeddings}
     * @param embeddingScaled whether embeddings are multiplied by the root of H
     * @param kvHeads         the default of {@code num_key_value_heads}; 0: as many as heads
     * @param headDim         the default of {@code head_dim}; 0: H / heads
     * @param theta           the default of {@code rope_theta}
     * @param window          the default of {@code sliding_window}; 0: none
     * @param globalEvery     every how many layers one sees everything, the others having the window; 1: all, 0: none
     * @param reads           keys of {@link #TELLING} that it reads
     */
    record Family(String modelType, NormKind norm, Block block, boolean inputBias, boolean headNorms, boolean interleaved, Activation activation,
            boolean tied, boolean embeddingScaled, int kvHeads, int headDim, double theta, int window, int globalEvery, Set<String> reads) {

        boolean reads(String key) { return reads.contains(key); }
    }

    /** The supported families by model type. */
    static final Map<String, Family> BY_TYPE = byType(
            llamaLike("llama", false, false, 0, 0, 0, 1, Set.of("attention_bias", "mlp_bias")),
            llamaLike("mistral", false, false, 8, 0, 4096, 0, Set.of("sliding_window")),
            llamaLike("qwen2", true, false, 32, 0, 4096, 1, Set.of("sliding_window", "use_sliding_window", "layer_types")),
            llamaLike("qwen3", false, true, 32, 128, 4096, 1, Set.of("attention_bias", "sliding_window", "use_sliding_window", "layer_types")),
            new Family("cohere", NormKind.LAYER, Block.PARALLEL, false, false, true, Activation.SILU, true, false, 0, 0, 10_000, 0, 1,
                    Set.of("attention_bias", "logit_scale")),
            gemma("gemma2", false, 10_000, 2, Set.of()),
            gemma("gemma3_text", true, 1_000_000, 6, Set.of("sliding_window_pattern", "_sliding_window_pattern", "rope_local_base_freq")));

    /**
     * Keys that change what some model computes, each with the values that change nothing (null never does). A family that does not
     * read a key refuses any other value of it; keys that are not here, Transformers does not read either for these families.
     */
    static final Map<String, List<String>> TELLING = new TreeMap<>(Map.ofEntries(
            Map.entry("attention_bias", List.of("false")), Map.entry("mlp_bias", List.of("false")),
            Map.entry("sliding_window", List.of()), Map.entry("use_sliding_window", List.of("false")), Map.entry("layer_types", List.of()),
            Map.entry("sliding_window_pattern", List.of()), Map.entry("_sliding_window_pattern", List.of()),
            Map.entry("rope_local_base_freq", List.of()), Map.entry("query_pre_attn_scalar", List.of()),
            Map.entry("attn_logit_softcapping", List.of()), Map.entry("final_logit_softcapping", List.of()),
            Map.entry("use_bidirectional_attention", List.of("false")), Map.entry("use_qk_norm", List.of("false")),
            Map.entry("rope_interleaved", List.of("false")), Map.entry("partial_rotary_factor", List.of("1", "1.0")),
            Map.entry("no_rope_layers", List.of()), Map.entry("no_rope_layer_interval", List.of()),
            Map.entry("logit_scale", List.of("1", "1.0")), Map.entry("logits_scaling", List.of("1", "1.0")),
            Map.entry("embedding_multiplier", List.of("1", "1.0")), Map.entry("residual_multiplier", List.of("1", "1.0")),
            Map.entry("attention_multiplier", List.of()), Map.entry("quantization_config", List.of()),
            Map.entry("num_experts", List.of("0", "1")), Map.entry("num_local_experts", List.of("0", "1")),
            Map.entry("kv_lora_rank", List.of()), Map.entry("attention_chunk_size", List.of()), Map.entry("alibi", List.of("false")),
            Map.entry("clip_qkv", List.of()), Map.entry("use_mrope", List.of("false")), Map.entry("attention_sink_size", List.of("0")),
            Map.entry("num_kv_shared_layers", List.of("0")), Map.entry("altup_num_inputs", List.of()), Map.entry("is_encoder_decoder", List.of("false")),
            Map.entry("add_cross_attention", List.of("false"))));

    private static Family llamaLike(String modelType, boolean inputBias, boolean headNorms, int kvHeads, int headDim, int window, int globalEvery, Set<String> reads) {
        return new Family(modelType, NormKind.RMS, Block.SEQUENTIAL, inputBias, headNorms, false, Activation.SILU, false, false, kvHeads, headDim, 10_000, window,
                globalEvery, reads);
    }

    private static Family gemma(String modelType, boolean headNorms, double theta, int globalEvery, Set<String> more) {
        Set<String> reads = new HashSet<>(more);
        reads.addAll(Set.of("attention_bias", "sliding_window", "layer_types", "query_pre_attn_scalar", "attn_logit_softcapping", "final_logit_softcapping"));
        return new Family(modelType, NormKind.RMS_ONE_PLUS, Block.SANDWICH, false, headNorms, false, Activation.GELU_TANH, true, true, 4, 256, theta, 4096,
                globalEvery, Set.copyOf(reads));
    }

    private static Map<String, Family> byType(Family... families) {
        Map<String, Family> map = new TreeMap<>();
        for (Family family : families) map.put(family.modelType(), family);
        return map;
    }
}
