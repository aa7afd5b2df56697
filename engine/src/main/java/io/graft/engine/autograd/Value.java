package io.graft.engine.autograd;

import io.graft.engine.memory.Tensor;

/** A result on the tape: its values, whether a gradient must reach it, and that gradient once the backward pass has made it. */
public final class Value {

    final Tensor data;
    final boolean needsGradient;
    Tensor gradient;
    /** Whether the memory of its values has gone back. */
    boolean released;

    Value(Tensor data, boolean needsGradient) {
        this.data = data;
        this.needsGradient = needsGradient;
    }

    /** {@return its values, valid until the tape is cleared or has run backward past it} */
    public Tensor data() { return data; }

    /** {@return whether something that is trained lies below it} */
    public boolean needsGradient() { return needsGradient; }
}
