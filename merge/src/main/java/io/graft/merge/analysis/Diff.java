package io.graft.merge.analysis;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.RequestException;
import io.graft.engine.memory.Owner;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;

/**
 * Compares two models in one streaming pass, all threads at once, in bounded memory.
 *
 * <p>Tensors are cut into blocks of {@link #BLOCK} elements, whatever the number of threads. A block's sums run in the
 * order of its elements and a tensor's in the order of its blocks, all F64: the same bits for any number of threads.
 * Memory: three blocks a thread, and 80 bytes a block of the few tensors under way.
 */
public final class Diff {

    /** Elements of a block: 256 KB of each model, which the second-level cache holds. */
    static final int BLOCK = 1 << 16;

    private final List<Pair> pairs;
    private final LongConsumer progress;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final int blocks;

    private Diff(List<Pair> pairs, LongConsumer progress) {
        this.pairs = pairs;
        this.progress = progress;
        this.blocks = pairs.isEmpty() ? 0 : pairs.getLast().firstBlock + pairs.getLast().blocks;
    }

    /**
     * Compares B with A, or the task vectors of both where there is a base.
     *
     * @param a        the first model
     * @param b        the second model
     * @param base     what both came from; empty compares the weights themselves
     * @param threads  how many compute, 1 or more
     * @param progress is told how many elements were compared since the last call, by any thread
     * @return what was found
     * @throws RequestException if the models have no tensor in common that can be compared
     * @throws io.graft.engine.RunException if a file cannot be read
     */
    public static ModelComparison compare(ModelSource a, ModelSource b, Optional<ModelSource> base, int threads, LongConsumer progress) {
        List<String> left = new ArrayList<>();
        List<Pair> pairs = pairs(a, b, base, left);
        if (pairs.isEmpty()) {
            throw new RequestException(a.name() + " and " + b.name(), "no tensor of one can be compared with one of the other",
                    "common names, equal shapes, dtype F32, BF16 or F16", left.isEmpty() ? "no tensors" : left.getFirst());
        }
        new Diff(pairs, progress).run(threads);
        List<TensorComparison> tensors = new ArrayList<>(pairs.size());
        for (Pair pair : pairs) tensors.add(new TensorComparison(pair.a.name(), Place.of(pair.a.name()), pair.a.dtype(), pair.a.shape(), pair.result));
        return new ModelComparison(a.name(), b.name(), base.map(ModelSource::name), List.copyOf(tensors), List.copyOf(left));
    }

    /**
     * How much there is to compare, for a progress bar.
     *
     * @param a    the first model
     * @param b    the second model
     * @param base what both came from
     * @return elements
     */
    public static long elements(ModelSource a, ModelSource b, Optional<ModelSource> base) {
        long elements = 0;
        for (Pair pair : pairs(a, b, base, new ArrayList<>())) elements += pair.a.shape().elements();
        return elements;
    }

    private static List<Pair> pairs(ModelSource a, ModelSource b, Optional<ModelSource> base, List<String> left) {
        List<Pair> pairs = new ArrayList<>();
        int firstBlock = 0;
        for (SourceTensor tensor : a.tensors().sequencedValues()) {
            String name = tensor.name();
            SourceTensor other = b.tensors().get(name), origin = base.isEmpty() ? null : base.get().tensors().get(name);
            String why = null;
            if (other == null) why = "only in A: " + name;
            else if (base.isPresent() && origin == null) why = "not in the base: " + name;
            else if (!tensor.shape().equals(other.shape())) why = "shapes differ: " + name + " " + tensor.shape() + " and " + other.shape();
            else if (origin != null && !tensor.shape().equals(origin.shape())) why = "shapes differ: " + name + " " + tensor.shape() + " and the base's " + origin.shape();
            else if (!tensor.dtype().isComputable() || !other.dtype().isComputable() || origin != null && !origin.dtype().isComputable())
                why = "not a float that Graft computes with: " + name + " " + (tensor.dtype().isComputable() ? other.dtype() : tensor.dtype());
            if (why != null) {
                left.add(why);
                continue;
            }
            Pair pair = new Pair(tensor, other, origin, firstBlock);
            firstBlock = Math.addExact(firstBlock, pair.blocks);
            pairs.add(pair);
        }
        for (String name : b.tensors().keySet()) if (!a.tensors().containsKey(name)) left.add("only in B: " + name);
        return pairs;
    }

    private void run(int threads) {
        List<Thread> others = new ArrayList<>();
        for (int i = 1; i < Math.min(threads, blocks); i++) others.add(Thread.ofPlatform().daemon().name("graft-diff-" + i).start(this::work));
        work();
        for (Thread thread : others) join(thread);
        switch (failure.get()) {
            case null -> { }
            case RuntimeException exception -> throw exception;
            case Error error -> throw error;
            case Throwable impossible -> throw new IllegalStateException(impossible);
        }
    }

    /** Waits even when interrupted: the caller may close the models as soon as this returns. */
    static void join(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    /** One thread's share: takes the next block until none is left or another thread has failed. */
    private void work() {
        try (Owner scratch = Owner.allocate("diff scratch", 4L * BLOCK)) {
            MemorySegment native32 = scratch.segment();
            float[] a = new float[BLOCK], b = new float[BLOCK], base = new float[BLOCK];
            int at = 0;
            for (int block; failure.get() == null && (block = next.getAndIncrement()) < blocks; ) {
                while (block >= pairs.get(at).firstBlock + pairs.get(at).blocks) at++;
                Pair pair = pairs.get(at);
                long first = (long) (block - pair.firstBlock) * BLOCK;
                int count = (int) Math.min(BLOCK, pair.a.shape().elements() - first);
                read(pair.a, first, count, native32, a);
                read(pair.b, first, count, native32, b);
                if (pair.base != null) read(pair.base, first, count, native32, base);
                pair.done(block - pair.firstBlock, pair.base == null ? block(a, b, count) : block(a, b, base, count));
                progress.accept(count);
            }
        } catch (Throwable error) {
            failure.compareAndSet(null, error);
        }
    }

    private static void read(SourceTensor tensor, long first, int count, MemorySegment scratch, float[] to) {
        tensor.readF32(first, count, scratch);
        MemorySegment.copy(scratch, JAVA_FLOAT_UNALIGNED, 0, to, 0, count);
    }

    /** Weights against weights: the vectors are A and B, the reference is A. Products of two floats are exact in F64. */
    private static Comparison block(float[] a, float[] b, int count) {
        double first = 0, second = 0, product = 0, change = 0;
        long odd = 0, differ = 0, present = 0, agree = 0;
        for (int i = 0; i < count; i++) {
            double x = a[i], y = b[i], d = y - x;
            if (!(Math.abs(x) <= Float.MAX_VALUE && Math.abs(y) <= Float.MAX_VALUE)) {
                odd++;
                continue;
            }
            first += x * x;
            second += y * y;
            product += x * y;
            change += d * d;
            if (d != 0) differ++;
            if (x != 0 || y != 0) present++;
            if (x > 0 ? y > 0 : x < 0 && y < 0) agree++;
        }
        return new Comparison(count - odd, odd, first, first, second, product, change, differ, present, agree);
    }

    /** Task vectors: A - base against B - base, the reference is the base. */
    private static Comparison block(float[] a, float[] b, float[] base, int count) {
        double reference = 0, first = 0, second = 0, product = 0, change = 0;
        long odd = 0, differ = 0, present = 0, agree = 0;
        for (int i = 0; i < count; i++) {
            double c = base[i], x = a[i] - c, y = b[i] - c, d = (double) b[i] - a[i];
            if (!(Math.abs(x) <= Double.MAX_VALUE && Math.abs(y) <= Double.MAX_VALUE)) {
                odd++;
                continue;
            }
            reference += c * c;
            first += x * x;
            second += y * y;
            product += x * y;
            change += d * d;
            if (d != 0) differ++;
            if (x != 0 || y != 0) present++;
            if (x > 0 ? y > 0 : x < 0 && y < 0) agree++;
        }
        return new Comparison(count - odd, odd, reference, first, second, product, change, differ, present, agree);
    }

    /** A tensor of both models, and its blocks' results until all are there. */
    private static final class Pair {

        private final SourceTensor a, b, base;
        private final int firstBlock, blocks;
        private final AtomicInteger open;
        private final AtomicReference<Comparison[]> parts = new AtomicReference<>();
        private volatile Comparison result;

        Pair(SourceTensor a, SourceTensor b, SourceTensor base, int firstBlock) {
            this.a = a;
            this.b = b;
            this.base = base;
            this.firstBlock = firstBlock;
            this.blocks = Math.toIntExact(Math.ceilDiv(a.shape().elements(), BLOCK));
            this.open = new AtomicInteger(blocks);
            if (blocks == 0) result = Comparison.NONE;
        }

        /** The first block to end makes the list, the last one adds it up in order and drops it. */
        void done(int block, Comparison part) {
            Comparison[] all = parts.get();
            if (all == null) {
                parts.compareAndSet(null, new Comparison[blocks]);
                all = parts.get();
            }
            all[block] = part;
            if (open.decrementAndGet() > 0) return;
            Comparison sum = Comparison.NONE;
            for (Comparison each : all) sum = sum.plus(each);
            result = sum;
            parts.set(null);
        }
    }
}
