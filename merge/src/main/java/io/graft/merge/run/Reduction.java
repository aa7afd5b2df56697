package io.graft.merge.run;

import io.graft.merge.method.MaskPlaces;
import io.graft.merge.method.Reducer;
import io.graft.merge.method.Selections;
import io.graft.merge.method.SlerpSums;
import io.graft.merge.plan.Operation;
import io.graft.merge.plan.Planner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The passes over one tensor, or over several together, that come before any of their elements can be computed. Chunks are
 * numbered through, each tensor beginning a new one, in the order of the tensors: so what is found depends on nothing but the
 * tensors. Safe for many threads, each of which waits for the pass before only, so for threads that wait for nobody.
 */
final class Reduction {

    final List<TensorTask> members;
    private final Reducer reducer;
    private final long[] firstChunk;
    private final long chunks;
    private final AtomicLong[] missing;
    private final CountDownLatch[] done;
    private volatile boolean abandoned;

    private Reduction(List<TensorTask> members, Reducer reducer, long[] firstChunk, long chunks) {
        this.members = members;
        this.reducer = reducer;
        this.firstChunk = firstChunk;
        this.chunks = chunks;
        this.missing = new AtomicLong[reducer.passes()];
        this.done = new CountDownLatch[reducer.passes()];
        for (int pass = 0; pass < missing.length; pass++) {
            missing[pass] = new AtomicLong(chunks);
            done[pass] = new CountDownLatch(1);
        }
        if (chunks == 0) for (int pass = 0; pass < missing.length; pass++) finish(pass);
    }

    /** Gives each of these tensors the reduction that it needs, if any. */
    static void prepare(List<TensorTask> tasks) {
        MaskPlaces places = new MaskPlaces();
        List<TensorTask> pooled = new ArrayList<>();
        for (TensorTask task : tasks) {
            switch (task.plan.operation()) {
                case Operation.Rollback rollback when rollback.pooled() -> pooled.add(task);
                case Operation.Sparse sparse -> sparse(List.of(task), sparse, places);
                case Operation.Slerp slerp -> join(List.of(task), new SlerpSums(slerp.t(), task.elements));
                default -> { }
            }
        }
        pooled.sort(Comparator.comparing(task -> task.plan.name(), Planner::byCodePoint));
        if (!pooled.isEmpty()) sparse(pooled, (Operation.Sparse) pooled.getFirst().plan.operation(), places);
    }

    private static void sparse(List<TensorTask> members, Operation.Sparse operation, MaskPlaces places) {
        long elements = 0, chunks = 0;
        for (TensorTask member : members) {
            elements += member.elements;
            chunks += chunks(member.elements, Selections.CHUNK);
        }
        join(members, new Selections(operation, elements, Math.toIntExact(chunks), places));
    }

    private static void join(List<TensorTask> members, Reducer reducer) {
        long[] first = new long[members.size()];
        long chunks = 0;
        for (int i = 0; i < first.length; i++) {
            first[i] = chunks;
            chunks += chunks(members.get(i).elements, reducer.chunk());
        }
        Reduction reduction = new Reduction(List.copyOf(members), reducer, first, chunks);
        for (int i = 0; i < first.length; i++) members.get(i).reduceWith(reduction, first[i] * reducer.chunk());
    }

    private static long chunks(long elements, long chunk) { return (elements + chunk - 1) / chunk; }

    int passes() { return reducer.passes(); }

    long chunks() { return chunks; }

    Reducer reducer() { return reducer; }

    /** {@return whether one thread had better do all of it, and compute the tensor too: it is too small to share} */
    boolean isSmall() { return members.size() == 1 && chunks <= 1; }

    /** Does one chunk of one pass, when the pass before has ended. */
    void reduce(int pass, long chunk, Pieces pieces) {
        if (pass > 0 && !await(pass - 1)) return;
        if (reducer.isNeeded(pass, chunk)) {
            int member = member(chunk);
            pieces.reduce(members.get(member), reducer, pass, chunk, (chunk - firstChunk[member]) * reducer.chunk());
            reducer.chunkDone(pass, chunk, pieces.registers());
        }
        if (missing[pass].decrementAndGet() == 0) finish(pass);
    }

    /** Does all of it, on one thread. */
    void reduceAll(Pieces pieces) {
        try {
            for (int pass = 0; pass < passes(); pass++) for (long chunk = 0; chunk < chunks; chunk++) reduce(pass, chunk, pieces);
        } catch (Throwable error) {
            abandon(); // half of a pass cannot be taken back
            throw error;
        }
    }

    /** {@return whether all passes have ended} */
    boolean isDone() { return done[passes() - 1].getCount() == 0; }

    private int member(long chunk) {
        int at = Arrays.binarySearch(firstChunk, chunk);
        if (at < 0) return -at - 2;
        // Tensors without elements begin at the chunk of the next one.
        while (at + 1 < firstChunk.length && firstChunk[at + 1] == chunk) at++;
        return at;
    }

    private void finish(int pass) {
        reducer.passDone(pass);
        done[pass].countDown();
    }

    /** Releases those who wait, when the run has failed. */
    void abandon() {
        abandoned = true;
        for (CountDownLatch each : done) each.countDown();
    }

    /** {@return whether all passes have ended: waits until they have, or the run was abandoned} */
    boolean await() { return await(passes() - 1); }

    private boolean await(int pass) {
        boolean interrupted = false;
        while (true) {
            try {
                done[pass].await();
                break;
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
        return !abandoned;
    }
}
