package io.graft.merge.run;

import java.util.List;

/**
 * Hands out the work of a run piece by piece, in the order of the output files, to whichever thread asks. A tensor's
 * reductions all come before its first piece, so whoever waits for them waits for threads that wait for nobody.
 */
final class Tickets {

    /** What a ticket asks for. */
    enum Kind { REDUCE, COMPUTE, COPY }

    /**
     * A piece of work.
     *
     * @param task  the tensor
     * @param kind  what to do to it
     * @param first for REDUCE the number of the reduction; for COMPUTE the first element; for COPY the first byte
     * @param count for COMPUTE elements; for COPY bytes
     */
    record Ticket(TensorTask task, Kind kind, long first, long count) {}

    /** Bytes that the kernel copies in one go: few enough calls, and several threads share a tensor. */
    private static final long COPY = 8 << 20;

    private final List<TensorTask> tasks;
    private final int piece;
    private int next;
    private long reduction;
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
            if (reduction < task.reductions()) return new Ticket(task, Kind.REDUCE, reduction++, 0);
            boolean copied = task.plan.isCopied();
            long all = copied ? task.plan.dtype().bytes(task.elements) : task.elements;
            if (first < all) {
                long count = Math.min(copied ? COPY : piece, all - first), at = first;
                first += count;
                return new Ticket(task, copied ? Kind.COPY : Kind.COMPUTE, at, count);
            }
            next++;
            reduction = first = 0;
        }
        return null;
    }

    /** No more work: the run has failed or was cancelled. */
    synchronized void stop() {
        stopped = true;
        for (TensorTask task : tasks) task.abandon();
    }
}
