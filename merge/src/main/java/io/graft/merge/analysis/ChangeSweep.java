package io.graft.merge.analysis;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.RequestException;
import io.graft.engine.memory.Owner;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.function.LongConsumer;

/**
 * Walks over what several experts changed of one base, tensor by tensor, block by block. One thread takes a whole tensor, so what
 * is summed of it has one order for any number of threads. Memory: a block of each model for each thread.
 */
final class ChangeSweep {

    private static final int BLOCK = 1 << 16;

    /**
     * A tensor that all models have.
     *
     * @param name    its name
     * @param place   where it stands
     * @param base    the base's
     * @param experts the experts', in their order
     */
    record Tuple(String name, Place place, SourceTensor base, List<SourceTensor> experts) {

        long elements() { return base.shape().elements(); }
    }

    /** Sees one tensor. */
    interface Visitor {

        /**
         * A block.
         *
         * @param first   its first element in the tensor
         * @param count   elements
         * @param base    the base's values
         * @param changes by expert: expert - base, in F32; reused for the next block
         */
        void block(long first, int count, float[] base, float[][] changes);

        /** The tensor's end, by the same thread. */
        default void end() {}
    }

    final List<Tuple> tuples = new ArrayList<>();
    /** Why a tensor takes no part, a line each. */
    final List<String> left = new ArrayList<>();
    private final int experts;
    private final int threads;

    ChangeSweep(ModelSource base, List<? extends ModelSource> experts, int threads) {
        this.experts = experts.size();
        this.threads = threads;
        for (SourceTensor tensor : base.tensors().sequencedValues()) {
            List<SourceTensor> others = new ArrayList<>();
            String why = tensor.dtype().isComputable() ? null : "not a float that Graft computes with: " + tensor.name() + " " + tensor.dtype();
            for (ModelSource expert : experts) {
                SourceTensor other = expert.tensors().get(tensor.name());
                if (why != null) break;
                if (other == null) why = "not in " + expert.name() + ": " + tensor.name();
                else if (!other.shape().equals(tensor.shape())) why = "shapes differ: " + tensor.name() + " " + tensor.shape() + " and " + other.shape() + " of " + expert.name();
                else if (!other.dtype().isComputable()) why = "not a float that Graft computes with: " + tensor.name() + " " + other.dtype() + " of " + expert.name();
                others.add(other);
            }
            if (why != null) {
                left.add(why);
                continue;
            }
            tuples.add(new Tuple(tensor.name(), Place.of(tensor.name()), tensor, List.copyOf(others)));
        }
        if (tuples.isEmpty()) throw new RequestException(base.name(), "no tensor of the base can be compared with the experts'", "common names, equal shapes, dtype F32, BF16 or F16", left.isEmpty() ? "no tensors" : left.getFirst());
    }

    /** {@return elements of one model} */
    long elements() { return tuples.stream().mapToLong(Tuple::elements).sum(); }

    /**
     * One walk.
     *
     * @param visitors gives the visitor of a tensor by its place in {@link #tuples}; null passes it over
     * @param progress is told elements, by any thread
     */
    void run(IntFunction<Visitor> visitors, LongConsumer progress) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < tuples.size(); i++) order.add(i);
        order.sort(Comparator.comparingLong(i -> -tuples.get(i).elements())); // the largest first, so that no thread is left with one
        AtomicInteger next = new AtomicInteger();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Runnable work = () -> {
            try (Owner scratch = Owner.allocate("analysis scratch", 4L * BLOCK)) {
                float[] base = new float[BLOCK];
                float[][] changes = new float[experts][BLOCK];
                for (int at; failure.get() == null && (at = next.getAndIncrement()) < order.size(); ) {
                    int number = order.get(at);
                    Visitor visitor = visitors.apply(number);
                    if (visitor != null) walk(tuples.get(number), visitor, scratch.segment(), base, changes, progress);
                }
            } catch (Throwable error) {
                failure.compareAndSet(null, error);
            }
        };
        List<Thread> others = new ArrayList<>();
        for (int i = 1; i < Math.min(threads, order.size()); i++) others.add(Thread.ofPlatform().daemon().name("graft-analysis-" + i).start(work));
        work.run();
        for (Thread thread : others) Diff.join(thread);
        switch (failure.get()) {
            case null -> { }
            case RuntimeException exception -> throw exception;
            case Error error -> throw error;
            case Throwable impossible -> throw new IllegalStateException(impossible);
        }
    }

    private static void walk(Tuple tuple, Visitor visitor, MemorySegment scratch, float[] base, float[][] changes, LongConsumer progress) {
        long elements = tuple.elements();
        for (long first = 0; first < elements; first += BLOCK) {
            int count = (int) Math.min(BLOCK, elements - first);
            read(tuple.base(), first, count, scratch, base);
            for (int e = 0; e < changes.length; e++) {
                float[] x = changes[e];
                read(tuple.experts().get(e), first, count, scratch, x);
                for (int i = 0; i < count; i++) x[i] = x[i] - base[i];
            }
            visitor.block(first, count, base, changes);
            progress.accept(count);
        }
        visitor.end();
    }

    private static void read(SourceTensor tensor, long first, int count, MemorySegment scratch, float[] to) {
        tensor.readF32(first, count, scratch);
        MemorySegment.copy(scratch, JAVA_FLOAT_UNALIGNED, 0, to, 0, count);
    }
}
