package io.graft.engine.model;

import io.graft.engine.memory.Tensor;

/** Sees what a pass computes on its way. */
@FunctionalInterface
public interface Observer {

    /**
     * A value has been computed.
     *
     * @param name  {@code hidden.i}, the input of layer i (i = layers: after the final norm), {@code attn_out.i} or {@code mlp_out.i}, what a
     *              branch gives before its norm and the sum
     * @param value [T, H], a row a token of the batch; read it before returning
     */
    void saw(String name, Tensor value);
}
