package io.graft.engine.autograd;

import io.graft.engine.memory.Tensor;

/**
 * A weight as the tape sees it.
 *
 * @param name     its name
 * @param value    its values; F32 if it is trained, any computable type if it is frozen
 * @param gradient like value, F32, which the backward pass adds to; null if it is frozen
 */
public record Parameter(String name, Tensor value, Tensor gradient) {

    /** {@return whether its gradient is wanted} */
    public boolean isTrained() { return gradient != null; }
}
