package io.graft.engine.autograd;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tensors that are used again from step to step: after the first steps a pass allocates nothing. Batches are seldom of the same number of tokens, so
 * memory is kept by size, rounded up by an eighth at most, and not by shape: kept by shape, 300 steps of 64 short lines held 8 GB.
 */
final class Pool implements AutoCloseable {

    private final Kernels kernels;
    private final Map<Long, Deque<Tensor>> free = new HashMap<>();
    /** Whose memory each view is that somebody has. */
    private final Map<Tensor, Tensor> taken = new IdentityHashMap<>();
    private final List<Tensor> all = new ArrayList<>();

    Pool(Kernels kernels) { this.kernels = kernels; }

    /** A tensor whose values are undefined. */
    Tensor take(Shape shape) {
        long capacity = capacity(shape.elements());
        Deque<Tensor> known = free.get(capacity);
        Tensor whole = known == null || known.isEmpty() ? make(capacity) : known.pop(), view = whole.rows(0, shape.elements()).reshape(shape);
        taken.put(view, whole);
        return view;
    }

    /** The next of eight sizes to an octave. */
    private static long capacity(long elements) {
        long step = Math.max(1, Long.highestOneBit(elements) / 8);
        return (elements + step - 1) / step * step;
    }

    private Tensor make(long capacity) {
        Tensor made = kernels.allocate("activations", Shape.of(capacity));
        all.add(made);
        return made;
    }

    /** A tensor of zeros. */
    Tensor takeZeros(Shape shape) {
        Tensor taken = take(shape);
        taken.segment().fill((byte) 0);
        return taken;
    }

    /** Takes back what {@link #take} gave. */
    void give(Tensor tensor) {
        Tensor whole = taken.remove(tensor);
        if (whole == null) throw new IllegalStateException(tensor + " is not of this pool, or has come back before");
        free.computeIfAbsent(whole.shape().elements(), _ -> new ArrayDeque<>()).push(whole);
    }

    @Override
    public void close() {
        for (Tensor tensor : all) tensor.close();
    }
}
