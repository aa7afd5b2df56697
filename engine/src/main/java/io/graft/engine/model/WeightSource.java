package io.graft.engine.model;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.Set;

/**
 * Weights as a function from name to tensor: a checkpoint on disk, an adapted model, a merge that was never written.
 *
 * <p>Safe for use by many threads. Tensors live until the source is closed.
 */
public interface WeightSource extends AutoCloseable {

    /** {@return the names of all weights, in the order of the source} */
    Set<String> names();

    /**
     * A weight's element type, without loading it.
     *
     * @param name its name
     * @return its dtype
     * @throws io.graft.engine.RequestException if there is none of that name
     */
    DType dtype(String name);

    /**
     * A weight's sizes, without loading it.
     *
     * @param name its name
     * @return its shape
     * @throws io.graft.engine.RequestException if there is none of that name
     */
    Shape shape(String name);

    /**
     * A weight; the same tensor for the same name. A plain checkpoint gives a view of the mapped file.
     *
     * @param name its name
     * @return the tensor, owned by this source
     * @throws io.graft.engine.RequestException if there is none of that name
     * @throws IllegalStateException            if the source is closed
     */
    Tensor tensor(String name);

    /**
     * An update of low rank that stays beside a weight (LoRA): whoever multiplies by the weight adds {@code scale · B·(A·x)}.
     *
     * @param a     [r, in]
     * @param b     [out, r]
     * @param scale factor on the product
     */
    record LowRank(Tensor a, Tensor b, float scale) {}

    /**
     * The update of a weight, if it has one that {@link #tensor} does not contain. Only the linear maps of blocks have such: an
     * adapted embedding or head is a tensor of its own.
     *
     * @param name the weight's name
     * @return its update; null for none
     */
    default LowRank update(String name) { return null; }

    /** Frees whatever the source holds. Its tensors must not be used afterwards: doing so is an exception. */
    @Override
    void close();
}
