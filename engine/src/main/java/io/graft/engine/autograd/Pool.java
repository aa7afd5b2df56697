package io.graft.engine.autograd;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Tensors that are used again from step to step: after the first step of a size a pass allocates nothing. */
final class Pool implements AutoCloseable {

    private final Kernels kernels;
    private final Map<Shape, Deque<Tensor>> free = new HashMap<>();
    private final List<Tensor> all = new ArrayList<>();

    Pool(Kernels kernels) { this.kernels = kernels; }

    /** A tensor whose values are undefined. */
    Tensor take(Shape shape) {
        Deque<Tensor> known = free.get(shape);
        if (known != null && !known.isEmpty()) return known.pop();
        Tensor made = kernels.allocate("activation " + shape, shape);
        all.add(made);
        return made;
    }

    /** A tensor of zeros. */
    Tensor takeZeros(Shape shape) {
        Tensor taken = take(shape);
        taken.segment().fill((byte) 0);
        return taken;
    }

    void give(Tensor tensor) { free.computeIfAbsent(tensor.shape(), _ -> new ArrayDeque<>()).push(tensor); }

    @Override
    public void close() {
        for (Tensor tensor : all) tensor.close();
    }
}
