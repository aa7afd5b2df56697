package io.graft.merge.plan;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;

/**
 * One tensor of the output.
 *
 * @param name      its name in the output
 * @param dtype     its element type in the output
 * @param shape     its sizes
 * @param operation how it is computed
 */
public record TensorPlan(String name, DType dtype, Shape shape, Operation operation) {

    /** {@return whether its bytes are those of an input: copied by the kernel, never computed} */
    public boolean isCopied() {
        return operation instanceof Operation.Copy copy && copy.from().dtype() == dtype && copy.from().stored().isPresent();
    }
}
