package io.graft.merge.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.ToIntFunction;

/** A study that SIGINT and SIGTERM stop: a training in progress writes a checkpoint, and steps that are done stay done. */
final class StudySignals {

    private StudySignals() {}

    /**
     * Runs.
     *
     * @param work asks whether to stop
     * @return the exit status; does not return if a signal ended it
     */
    static int run(ToIntFunction<BooleanSupplier> work) {
        AtomicBoolean asked = new AtomicBoolean();
        CountDownLatch ended = new CountDownLatch(1);
        Thread hook = new Thread(() -> {
            asked.set(true);
            System.err.println("graft: interrupted: finishing what must be finished; the same command goes on from there");
            try {
                ended.await();
            } catch (InterruptedException ending) {
                Thread.currentThread().interrupt();
            }
        }, "graft-signal");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return work.applyAsInt(asked::get);
        } finally {
            ended.countDown();
            forget(hook);
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            // A signal ends the JVM with its own status: this thread has nothing more to say.
            try {
                hook.join();
                Thread.sleep(Long.MAX_VALUE);
            } catch (InterruptedException now) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
