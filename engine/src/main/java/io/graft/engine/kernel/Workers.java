package io.graft.engine.kernel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A small pool that runs a parallel region within a few microseconds, since a decoding step issues some two hundred of them.
 *
 * <p>The caller works too. Whoever is free takes the next task, so which thread computes what varies, and tasks must not care.
 * Waking a parked thread takes 30 to 54 us on an AMD EPYC (Zen 3), a spinning one notices within 0.15 us: so a worker spins for
 * {@link #SPIN_NANOS} after a region and then parks. A worker that wakes too late finds the region closed; nobody waits for it.
 * Threads are daemons and end with {@link #close}. For use by many threads: their regions run one after another.
 */
public final class Workers implements AutoCloseable {

    /** What runs in parallel. */
    @FunctionalInterface
    public interface Body {
        /**
         * Does a part of the work.
         *
         * @param task   which part, from 0
         * @param worker who does it, from 0 to threads - 1, the caller being 0: an index for scratch memory
         */
        void run(int task, int worker);
    }

    static final long SPIN_NANOS = 50_000;

    /** {@link #state} is an epoch above bit 17, whether the region is open in bit 16, and how many workers are inside below. */
    private static final long OPEN = 1 << 16, INSIDE = OPEN - 1, EPOCH = OPEN << 1;

    private final ReentrantLock regions = new ReentrantLock();
    private final AtomicLong state = new AtomicLong();
    private final AtomicInteger next = new AtomicInteger();
    private final Worker[] workers;
    private volatile boolean closed;
    private volatile Thread waiting;
    private volatile Throwable failure;
    private Body body;
    private int tasks;

    /**
     * Starts a pool.
     *
     * @param threads how many work, the caller of {@link #run} included; 0 for as many as there are processors, where the JVM
     *                obeys the limits of its container
     */
    public Workers(int threads) {
        if (threads < 0 || threads > 1024) throw new IllegalArgumentException(threads + " threads; expected 0 (all processors) to 1024");
        int all = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        workers = new Worker[all - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(i + 1);
            workers[i].start();
        }
    }

    /** {@return how many threads work, the caller included} */
    public int threads() { return workers.length + 1; }

    /**
     * Runs all tasks and returns when they are done. A task that throws stops the region: tasks that have not begun are
     * skipped, and what it threw is thrown here.
     *
     * @param tasks how many, 0 or more; one runs on the caller's thread without waking anybody
     * @param body  what to do; must not start a region of this pool
     * @throws IllegalStateException if the pool is closed, or this thread is inside one of its regions
     */
    public void run(int tasks, Body body) {
        if (regions.isHeldByCurrentThread()) throw new IllegalStateException("a task must not start a region of its own pool");
        regions.lock();
        try {
            if (closed) throw new IllegalStateException("the workers are closed");
            if (tasks <= 1 || workers.length == 0) for (int task = 0; task < tasks; task++) body.run(task, 0);
            else together(tasks, body);
        } finally {
            regions.unlock();
        }
    }

    private void together(int tasks, Body body) {
        this.body = body;
        this.tasks = tasks;
        next.set(0);
        state.set((state.get() & -EPOCH) + EPOCH + OPEN);
        for (int i = 0; i < workers.length && i < tasks - 1; i++) if (workers[i].parked) LockSupport.unpark(workers[i]);
        take(0);
        if ((state.addAndGet(-OPEN) & INSIDE) != 0) awaitOthers();
        this.body = null;
        Throwable thrown = failure;
        if (thrown == null) return;
        failure = null;
        if (thrown instanceof Error error) throw error;
        throw (RuntimeException) thrown; // Body declares nothing checked
    }

    private void take(int worker) {
        try {
            for (int task; (task = next.getAndIncrement()) < tasks;) body.run(task, worker);
        } catch (Throwable thrown) {
            failure = thrown;
            next.set(tasks);
        }
    }

    private void awaitOthers() {
        long start = System.nanoTime();
        while ((state.get() & INSIDE) != 0) {
            if (System.nanoTime() - start < SPIN_NANOS) Thread.onSpinWait();
            else {
                waiting = Thread.currentThread();
                if ((state.get() & INSIDE) != 0) LockSupport.park(this);
                waiting = null;
            }
        }
    }

    /** Ends the threads, after the region that runs. Closing twice does nothing. */
    @Override
    public void close() {
        if (regions.isHeldByCurrentThread()) throw new IllegalStateException("a task must not close its own pool");
        regions.lock();
        try {
            closed = true;
        } finally {
            regions.unlock();
        }
        boolean interrupted = false;
        for (Worker worker : workers) {
            LockSupport.unpark(worker);
            while (worker.isAlive()) {
                try {
                    worker.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    private final class Worker extends Thread {

        private final int index;
        private volatile boolean parked;

        Worker(int index) {
            super("graft-worker-" + index);
            this.index = index;
            setDaemon(true);
        }

        @Override
        public void run() {
            for (long seen = 0; !closed;) {
                long now = state.get();
                if ((now & OPEN) == 0 || (now & -EPOCH) == seen) waitBeyond(seen);
                else if (state.compareAndSet(now, now + 1)) {
                    seen = now & -EPOCH;
                    try {
                        take(index);
                    } catch (Throwable late) { // a fault in mapped memory may be reported after the method that met it
                        failure = late;
                    } finally {
                        Thread caller = (state.decrementAndGet() & INSIDE) == 0 ? waiting : null;
                        if (caller != null) LockSupport.unpark(caller);
                    }
                }
            }
        }

        private void waitBeyond(long seen) {
            long start = System.nanoTime();
            while (idle(seen)) {
                if (System.nanoTime() - start < SPIN_NANOS) Thread.onSpinWait();
                else {
                    parked = true;
                    if (idle(seen)) LockSupport.park(Workers.this);
                    parked = false;
                }
            }
        }

        private boolean idle(long seen) {
            long now = state.get();
            return !closed && ((now & OPEN) == 0 || (now & -EPOCH) == seen);
        }
    }
}
