package io.graft.merge.plan;

import io.graft.engine.memory.Shape;
import java.util.List;
import java.util.Locale;

/**
 * What a tensor is to its model, told from its name and shape: no list of architectures. Names of Llama, Mistral, Qwen, Gemma,
 * GPT-2, GPT-NeoX, Falcon, Bloom, BERT and their like are understood; what no word tells is {@link #OTHER}.
 */
public enum Role {
    /** Embeddings of tokens or positions, with their norm. */
    EMBEDDINGS,
    /** The norm after the last layer. */
    FINAL_NORM,
    /** The head that gives logits. */
    LM_HEAD,
    /** Attention of a layer, with the norms inside it. */
    ATTENTION,
    /** The feed-forward part of a layer, experts and routers too. */
    MLP,
    /** A norm of a layer. */
    NORM,
    /** Nothing that the name tells. */
    OTHER;

    private static final List<String> FEED_FORWARD = List.of("mlp", "ffn", "feed_forward", "feedforward", "expert", "moe", "intermediate", "fc1", "fc2", "gate_proj", "up_proj", "down_proj", "dense_h_to_4h", "dense_4h_to_h");

    /**
     * The role of a tensor in a layer: the first part of its name that tells one.
     *
     * @param rest its name after the layer's number
     * @return attention, mlp, norm or other
     */
    public static Role inLayer(String rest) {
        String[] parts = rest.toLowerCase(Locale.ROOT).split("\\.");
        for (String part : parts) {
            if (part.contains("norm") || part.startsWith("ln_") || part.equals("ln")) return NORM;
            if (part.contains("attn") || part.contains("attention")) return ATTENTION;
            if (FEED_FORWARD.stream().anyMatch(part::contains)) return MLP;
        }
        // BERT's feed-forward output stands beside its attention as "output.dense".
        return parts[0].equals("output") ? MLP : OTHER;
    }

    /**
     * The role of a tensor that is in no layer of the main stack.
     *
     * @param name       its name
     * @param shape      its sizes
     * @param vocabulary the config's vocab_size; 0 if unknown
     * @return embeddings, final norm, head or other
     */
    public static Role outside(String name, Shape shape, long vocabulary) {
        String lower = name.toLowerCase(Locale.ROOT);
        for (String tower : List.of("vision", "visual", "audio", "projector")) if (lower.contains(tower)) return OTHER;
        boolean rows = vocabulary > 0 && shape.rank() == 2 && shape.size(0) == vocabulary;
        if (lower.contains("lm_head") || lower.contains("embed_out") || lower.startsWith("output.") || lower.startsWith("head.")) return LM_HEAD;
        if (lower.contains("predictions.")) return LM_HEAD;
        for (String word : List.of("embed", "wte", "wpe")) if (lower.contains(word)) return EMBEDDINGS;
        if (lower.contains("norm") || lower.contains("ln_f")) return FINAL_NORM;
        return rows ? EMBEDDINGS : OTHER;
    }

    /**
     * Whether a tensor is a buffer that no training changes and no average keeps: it is copied, never merged.
     *
     * @param name  its name
     * @param dtype its element type
     * @return whether it is an integer, or a table that the model computes by itself
     */
    static boolean isBuffer(String name, io.graft.engine.memory.DType dtype) {
        return dtype.isInteger() || name.endsWith("inv_freq") || name.endsWith("position_ids") || name.endsWith("masked_bias");
    }
}
