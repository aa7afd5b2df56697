package io.graft.engine.kernel.backward;

import io.graft.engine.memory.Tensor;

/**
 * Where a gradient goes.
 *
 * @param to  F32
 * @param add whether it is added to what is there, and does not replace it
 */
public record Sink(Tensor to, boolean add) {}
