package io.graft.engine.autograd;

/**
 * An update of low rank beside a weight: LoRA (Hu et al. 2021, arXiv:2106.09685), with magnitudes DoRA (Liu et al. 2024, arXiv:2402.09353).
 *
 * @param a         A (r, in); of an embedding (r, V)
 * @param b         B (out, r); of an embedding (H, r)
 * @param magnitude DoRA's magnitudes (out); null without
 * @param scale     factor on B·A: alpha / r, or alpha / √r
 * @param dropout   the share of the factors' input that is dropped in training, from 0 to below 1; an embedding drops nothing
 */
public record LowRank(Parameter a, Parameter b, Parameter magnitude, float scale, float dropout) {

    /** {@return r} */
    public long rank() { return a.value().shape().size(0); }

    boolean isTrained() { return a.isTrained() || b.isTrained() || magnitude != null && magnitude.isTrained(); }
}
