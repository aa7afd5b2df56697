package io.graft.engine.model;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.RopeStyle;
import java.util.List;

/**
 * What a model computes, as data: everything in which the supported families differ, and nothing of where its weights lie.
 *
 * <p>One forward pass reads this; there is no class for a family. Who reads a config file makes one
 * ({@code io.graft.formats.huggingface.Architectures}).
 *
 * @param family         the model type, for messages
 * @param layers         how many blocks
 * @param hidden         H, the width of the residual stream
 * @param intermediate   the width inside the MLP
 * @param vocabulary     V, the number of tokens
 * @param embeddingScale factor on embeddings, 1 but for Gemma (the root of H)
 * @param norm           the normalisation of the residual stream
 * @param block          how a block is wired
 * @param attention      its attention
 * @param mlp            its MLP
 * @param head           what makes logits of hidden states
 * @param positions      the longest text that the config announces; 0 where it says nothing. Longer ones run
 */
public record Architecture(String family, int layers, int hidden, int intermediate, int vocabulary, double embeddingScale, Norm norm, Block block,
        Attention attention, Mlp mlp, Head head, int positions) {

    /** What a normalisation computes. */
    public enum NormKind {
        /** {@code x / rms(x) · w}. */
        RMS,
        /** {@code x / rms(x) · (1 + w)}: Gemma. */
        RMS_ONE_PLUS,
        /** {@code (x − mean) / deviation · w}, without a bias: Cohere. */
        LAYER
    }

    /**
     * A normalisation.
     *
     * @param kind    what it computes
     * @param epsilon added to the mean square or the variance
     */
    public record Norm(NormKind kind, double epsilon) {}

    /** How attention and MLP join the residual stream h. */
    public enum Block {
        /** {@code h += attention(norm(h)); h += mlp(norm(h))}: Llama and most others. */
        SEQUENTIAL,
        /** {@code x = norm(h); h += attention(x) + mlp(x)}: Cohere. */
        PARALLEL,
        /** {@code h += norm(attention(norm(h))); h += norm(mlp(norm(h)))}: Gemma. */
        SANDWICH
    }

    /**
     * Attention of grouped queries.
     *
     * @param heads       query heads
     * @param kvHeads     key and value heads, a divisor of heads
     * @param headDim     D, the width of a head
     * @param scale       factor on query times key
     * @param softCap     c of {@code c·tanh(s/c)} on the scaled scores; 0 for none
     * @param inputBias   whether q, k and v have biases
     * @param outputBias  whether o has one
     * @param headNorms   whether every head of q and k is normalised, as the stream is, before it is rotated
     * @param ropeStyle   which lanes turn together
     * @param rotary      of layers that see everything
     * @param localRotary of layers with a window
     * @param windows     for each layer how many positions it sees, its own included; 0 for all
     */
    public record Attention(int heads, int kvHeads, int headDim, double scale, double softCap, boolean inputBias, boolean outputBias, boolean headNorms,
            RopeStyle ropeStyle, Rotary rotary, Rotary localRotary, List<Integer> windows) {

        /**
         * The rotation of a layer.
         *
         * @param layer from 0
         * @return its rotary embedding
         */
        public Rotary rotaryOf(int layer) { return windows.get(layer) == 0 ? rotary : localRotary; }

        /**
         * What a layer's attention computes.
         *
         * @param layer from 0
         * @return its heads, scale, window and cap
         */
        public AttentionSpec spec(int layer) { return new AttentionSpec(heads, kvHeads, headDim, (float) scale, windows.get(layer), (float) softCap); }

        /** {@return the width of all query heads} */
        public int queryWidth() { return heads * headDim; }

        /** {@return the width of all key heads, and of all value heads} */
        public int keyWidth() { return kvHeads * headDim; }
    }

    /**
     * The gated MLP {@code down(f(gate x) · up x)}.
     *
     * @param activation f
     * @param bias       whether its three maps have biases
     */
    public record Mlp(Activation activation, boolean bias) {}

    /**
     * What makes logits of hidden states.
     *
     * @param tied    whether its matrix is the embedding, unless the weights have a {@code lm_head.weight}
     * @param scale   factor on logits
     * @param softCap c of {@code c·tanh(z/c)} on logits; 0 for none
     */
    public record Head(boolean tied, double scale, double softCap) {}
}
