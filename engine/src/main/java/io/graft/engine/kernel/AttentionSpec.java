package io.graft.engine.kernel;

/**
 * What attention does besides softmax(q k^T) v.
 *
 * @param heads    heads of the queries
 * @param kvHeads  heads of keys and values; divides {@code heads}. Query head h reads key head h / (heads / kvHeads)
 * @param headDim  elements of a head, at most {@link Kernels#BLOCK}
 * @param scale    multiplies q k^T, such as 1 / sqrt(headDim)
 * @param window   how many keys a query sees at most, itself included; 0 for all that came before
 * @param softCap  c in c tanh(s / c), applied to scaled scores; 0 for none
 */
public record AttentionSpec(int heads, int kvHeads, int headDim, float scale, int window, float softCap) {

    /** Checks the numbers. */
    public AttentionSpec {
        if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0)
            throw new IllegalArgumentException("attention: " + heads + " heads cannot share " + kvHeads + " key heads");
        if (headDim < 1 || headDim > Kernels.BLOCK)
            throw new IllegalArgumentException("attention: headDim " + headDim + "; expected 1 to " + Kernels.BLOCK);
        if (window < 0 || !(softCap >= 0)) throw new IllegalArgumentException("attention: window " + window + ", softCap " + softCap + "; expected 0 or more");
    }
}
