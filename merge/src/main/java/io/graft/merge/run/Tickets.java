package io.graft.merge.run;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Hands out the work of a run piece by piece, in the order of the output files, to whichever thread asks. What must be known
 * before a tensor's first piece is handed out before it, pass by pass, so whoever waits waits for threads whose tickets came
 * earlier, and the earliest of these for nobody.
 */
final class Tickets {

    /** What a ticket asks for. */
    enum Kind { REDUCE, COMPUTE, COPY, WHOLE }

    /**
     * A piece of work.
     *
     * @param task  the tensor
     * @param kind  what to do to it; WHOLE is a small tensor's passes and all of its pieces
     * @param first for REDUCE the number of the chunk; for COMPUTE the first element; for COPY the first byte
     * @param count for REDUCE the number of the pass; for COMPUTE and WHOLE elements; for COPY bytes
     */
    record Ticket(TensorTask task, Kind kind, long first, long count) {}

    /** Bytes that the kernel copies in one go: few enough calls, and several threads share a tensor. */
    private static final long COPY = 8 << 20;

    private final List<TensorTask> tasks;
    private final int piece;
    private final Set<Reduction> handedOut = Collections.newSetFromMap(new IdentityHashMap<>());
    private int next;
    private int pass;
    private long chunk;
    private long first;
    private boolean stopped;

    Tickets(List<TensorTask> tasks, int piece) {
        this.tasks = tasks;
        this.piece = piece;
    }

    /** {@return the next piece of work; null when there is none left} */
    synchronized Ticket next() {
        while (!stopped && next < tasks.size()) {
            TensorTask task = tasks.get(next);
            Reduction reduction = task.reduction();
            if (reduction != null && reduction.chunks() > 0 && !handedOut.contains(reduction)) {
                if (reduction.isSmall()) {
                    next++;
                    return new Ticket(task, Kind.WHOLE, 0, task.elements);
                }
                Ticket ticket = new Ticket(task, Kind.REDUCE, chunk, pass);
                if (++chunk == reduction.chunks()) {
                    chunk = 0;
                    if (++pass == reduction.passes()) {
                        pass = 0;
                        handedOut.add(reduction);
                    }
                }
                return ticket;
            }
            boolean copied = task.plan.isCopied();
            long all = copied ? task.plan.dtype().bytes(task.elements) : task.elements;
            if (first < all) {
                long count = Math.min(copied ? COPY : piece, all - first), at = first;
                first += count;
                return new Ticket(task, copied ? Kind.COPY : Kind.COMPUTE, at, count);
            }
            next++;
            first = 0;
        }
        return null;
    }

    /** No more work: the run has failed or was cancelled. */
    synchronized void stop() {
        stopped = true;
        for (TensorTask task : tasks) if (task.reduction() != null) task.reduction().abandon();
    }
}
