package io.graft.engine.autograd;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * Tensors that are used again from step to step. Batches are seldom of the same number of tokens, so memory is kept by size, not by
 * shape (kept by shape, 300 steps of 64 short lines held 8 GB): the smallest that is free and large enough serves, up to twice the
 * size, and where none does, a smaller one is given up for the new one. So what is held follows the largest batch, and not how many
 * sizes there were: 100 steps of 4 problems of GSM8K, 135M parameters, held 5.5 GB by shape.
 */
final class Pool implements AutoCloseable {

    private final Kernels kernels;
    private final NavigableMap<Long, Deque<Tensor>> free = new TreeMap<>();
    /** Whose memory each view is that somebody has. */
    private final Map<Tensor, Tensor> taken = new IdentityHashMap<>();
    private final Set<Tensor> all = Collections.newSetFromMap(new IdentityHashMap<>());

    Pool(Kernels kernels) { this.kernels = kernels; }

    /** A tensor whose values are undefined. */
    Tensor take(Shape shape) {
        long capacity = capacity(shape.elements());
        Map.Entry<Long, Deque<Tensor>> fits = free.ceilingEntry(capacity);
        Tensor whole = fits != null && fits.getKey() <= 2 * capacity ? pop(fits) : make(capacity), view = whole.rows(0, shape.elements()).reshape(shape);
        taken.put(view, whole);
        return view;
    }

    private Tensor pop(Map.Entry<Long, Deque<Tensor>> entry) {
        Tensor popped = entry.getValue().pop();
        if (entry.getValue().isEmpty()) free.remove(entry.getKey());
        return popped;
    }

    /** The next of eight sizes to an octave. */
    private static long capacity(long elements) {
        long step = Math.max(1, Long.highestOneBit(elements) / 8);
        return (elements + step - 1) / step * step;
    }

    private Tensor make(long capacity) {
        Map.Entry<Long, Deque<Tensor>> smaller = free.lowerEntry(capacity);
        if (smaller != null) {
            Tensor given = pop(smaller);
            all.remove(given);
            given.close();
        }
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
