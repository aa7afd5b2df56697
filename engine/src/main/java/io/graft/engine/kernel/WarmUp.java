package io.graft.engine.kernel;

import io.graft.engine.RequestException;
import java.util.concurrent.CountDownLatch;

/**
 * A thread that runs {@linkplain TinyOperations tiny operations} until the compilers have seen the kernels, while a process that must
 * answer soon does other things. It changes no bit of any result.
 *
 * <p>Vector code that C2 has not compiled allocates an object an operation, and C2 takes some 50 ms a loop: all loops of a forward pass
 * take it over a second, those of products a quarter of one, and products are nearly all of a prompt's work. So products come first
 * ({@link #awaitProducts}), then scalar code, which C1 compiles in no time, and the other vector loops when the first answer is out
 * ({@link #goOn}). There is one a process, as there is one state of the compilers.
 */
public final class WarmUp {

    /** Calls of the scalar operations: enough for C1. */
    private static final int SCALAR = 60;

    /** At most so many products; C2 was through with them after 400 to 1,000. */
    private static final int PRODUCTS = 4000;

    /** Calls of the other vector operations: the last (attention) was compiled after 1,000 to 1,200. */
    private static final int OTHERS = 1200;

    /** A multiply-add of compiled vector code takes 0.5 ns in so small a product, of other code 10 and more. */
    private static final double NANOS = 3;

    private static WarmUp only;

    private final CountDownLatch products = new CountDownLatch(1), asked = new CountDownLatch(1), end = new CountDownLatch(1);
    private final Thread thread = Thread.ofPlatform().daemon().name("graft-warm-up").unstarted(this::run);
    private volatile boolean stopped;

    private WarmUp() {}

    /**
     * Starts it, unless it has been started.
     *
     * @return the process's
     */
    public static synchronized WarmUp start() {
        if (only != null) return only;
        only = new WarmUp();
        only.thread.start();
        return only;
    }

    private void run() {
        try (Kernels vector = Kernels.open("vector", 1); TinyOperations tiny = new TinyOperations(vector)) {
            int fast = 0;
            for (int i = 0; i < PRODUCTS && fast < 3 && !stopped; i++) {
                long start = System.nanoTime();
                tiny.product();
                fast = System.nanoTime() - start < NANOS * TinyOperations.productSteps() ? fast + 1 : 0;
            }
            try (Kernels scalar = Kernels.open("scalar", 1); TinyOperations small = new TinyOperations(scalar)) {
                for (int i = 0; i < SCALAR && !stopped; i++) small.others();
            }
            products.countDown();
            asked.await();
            for (int i = 0; i < OTHERS && !stopped; i++) tiny.others();
        } catch (RequestException unavailable) {
            // No vector code here, so nothing to wait for.
        } catch (InterruptedException nobodyDoes) {
            Thread.currentThread().interrupt();
        } finally {
            end.countDown();
            products.countDown();
        }
    }

    /** Waits until products are fast: a first pass is faster after that than beside it. */
    void awaitProducts() { await(products); }

    /** Lets it go on with the other operations. */
    void goOn() { asked.countDown(); }

    /** Lets it go on, and waits until all is compiled: scalar code beside it would take the processors that it needs. */
    void awaitEnd() {
        goOn();
        await(end);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException hurry) { // all goes, only slower
            Thread.currentThread().interrupt();
        }
    }

    /** {@return whether it has ended: all is compiled, or will not be here} */
    boolean isOver() { return end.getCount() == 0; }

    /** Ends it after the operation that runs, frees its memory, and waits for that. */
    public void stop() {
        stopped = true;
        goOn();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }
}
