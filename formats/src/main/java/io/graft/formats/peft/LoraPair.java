package io.graft.formats.peft;

import io.graft.engine.memory.Shape;
import io.graft.formats.model.SourceTensor;

/**
 * The two factors on one module: its weight becomes W + s·B·A, under DoRA with rows scaled to {@code magnitude}.
 *
 * @param module     such as {@code model.layers.0.self_attn.q_proj}; its weight is that and {@code .weight}
 * @param a          A [r, in]; of an embedding [r, V]
 * @param b          B [out, r]; of an embedding [H, r]
 * @param scale      s
 * @param magnitude  DoRA's magnitudes [out]; null without
 * @param transposed whether the weight is stored as [in, out]: an embedding, or a map with {@code fan_in_fan_out}
 */
public record LoraPair(String module, SourceTensor a, SourceTensor b, double scale, SourceTensor magnitude, boolean transposed) {

    /** {@return r} */
    public long rank() { return a.shape().size(0); }

    /** {@return the width of what goes in, V of an embedding} */
    public long in() { return a.shape().size(1); }

    /** {@return the width of what comes out} */
    public long out() { return b.shape().size(0); }

    /** {@return the name of the weight that it changes} */
    public String weight() { return module + ".weight"; }

    /** {@return the sizes of that weight as it is stored} */
    public Shape weightShape() { return transposed ? Shape.of(in(), out()) : Shape.of(out(), in()); }

    /** The same factors on a weight that is stored the other way round. */
    LoraPair turned() { return new LoraPair(module, a, b, scale, magnitude, !transposed); }
}
