package io.graft.engine.autograd;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Memory that is used again within a step and from step to step. A few large blocks are cut into ranges; a range that comes back
 * grows together with what is free beside it. So whatever is needed at one time shares the memory of what is needed at another, of
 * whatever size: gradients that of activations, and a batch that of the one before, whose lines were longer or shorter. (Kept by
 * shape, 100 steps of 4 problems of GSM8K with 135M parameters held 5.5 GB.)
 */
final class Pool implements AutoCloseable {

    /** Floats to which ranges are rounded up: a cache line. */
    private static final long UNIT = 16;
    /** A new block has at least this share of what is held already: blocks stay few. */
    private static final int SHARE = 8;

    private final Kernels kernels;
    private final Gradients gradients;
    private final List<Block> blocks = new ArrayList<>();
    /** Where each view is that somebody has. */
    private final Map<Tensor, Range> taken = new IdentityHashMap<>();

    private record Range(Block block, long from, long size) {}

    private static final class Block {
        final Tensor memory;
        /** Free ranges: where each begins, and its size; no two touch. */
        final TreeMap<Long, Long> free = new TreeMap<>();

        Block(Tensor memory) {
            this.memory = memory;
            free.put(0L, size());
        }

        long size() { return memory.shape().elements(); }

        boolean isFree() { return free.size() == 1 && free.firstEntry().getValue() == size(); }
    }

    Pool(Kernels kernels, Gradients gradients) {
        this.kernels = kernels;
        this.gradients = gradients;
    }

    /** A tensor whose values are undefined. */
    Tensor take(Shape shape) {
        long size = Math.max(1, (shape.elements() + UNIT - 1) / UNIT) * UNIT;
        Range range = find(size);
        if (range == null) range = new Range(grow(size), 0, size);
        cut(range);
        Tensor view = range.block.memory.rows(range.from, shape.elements()).reshape(shape);
        taken.put(view, range);
        return view;
    }

    /** The beginning of the smallest free range that is large enough: large ones are kept for what is large. */
    private Range find(long size) {
        Range best = null;
        long smallest = Long.MAX_VALUE;
        for (Block block : blocks)
            for (Map.Entry<Long, Long> free : block.free.entrySet())
                if (free.getValue() >= size && free.getValue() < smallest) {
                    smallest = free.getValue();
                    best = new Range(block, free.getKey(), size);
                }
        return best;
    }

    private static void cut(Range range) {
        long size = range.block.free.remove(range.from);
        if (size > range.size) range.block.free.put(range.from + range.size, size - range.size);
    }

    /** A new block, in exchange for as much of which nothing is in use. */
    private Block grow(long atLeast) {
        long held = blocks.stream().mapToLong(Block::size).sum(), size = Math.max(atLeast, held / SHARE / UNIT * UNIT), closed = 0;
        for (Block block : List.copyOf(blocks)) {
            if (closed >= size || !block.isFree()) continue;
            closed += block.size();
            blocks.remove(block);
            block.memory.close();
        }
        Block made = new Block(kernels.allocate("activations and gradients", Shape.of(size)));
        blocks.add(made);
        return made;
    }

    /** A tensor of zeros. */
    Tensor takeZeros(Shape shape) {
        Tensor taken = take(shape);
        gradients.clear(taken);
        return taken;
    }

    /** Takes back what {@link #take} gave. */
    void give(Tensor tensor) {
        Range range = taken.remove(tensor);
        if (range == null) throw new IllegalStateException(tensor + " is not of this pool, or has come back before");
        TreeMap<Long, Long> free = range.block.free;
        long from = range.from, size = range.size;
        Map.Entry<Long, Long> before = free.lowerEntry(from);
        if (before != null && before.getKey() + before.getValue() == from) {
            from = before.getKey();
            size += before.getValue();
        }
        Long after = free.remove(range.from + range.size);
        free.put(from, after == null ? size : size + after);
    }

    @Override
    public void close() {
        for (Block block : blocks) block.memory.close();
    }
}
