package io.graft.merge.cli;

import io.graft.merge.train.TrainResult;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** A training that SIGINT and SIGTERM stop between two steps: a checkpoint is written, and the user is told where. */
final class TrainSignals {

    private TrainSignals() {}

    /**
     * Trains.
     *
     * @param work asks whether to stop
     * @return what it did; does not return if a signal ended it
     */
    static TrainResult run(Function<BooleanSupplier, TrainResult> work) {
        boolean[] asked = new boolean[1];
        TrainResult[] result = new TrainResult[1];
        CountDownLatch ended = new CountDownLatch(1);
        Thread hook = new Thread(() -> {
            synchronized (asked) {
                asked[0] = true;
            }
            System.err.println("graft: interrupted: writing a checkpoint after this step");
            try {
                ended.await();
            } catch (InterruptedException ending) {
                Thread.currentThread().interrupt();
            }
            say(result[0]);
        }, "graft-signal");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            result[0] = work.apply(() -> {
                synchronized (asked) {
                    return asked[0];
                }
            });
            return result[0];
        } finally {
            ended.countDown();
            forget(hook);
        }
    }

    private static void say(TrainResult result) {
        if (result == null) return; // it failed, and says so itself
        if (result.completed()) System.err.println("graft: interrupted: " + result.output() + " had just been finished");
        else System.err.println("graft: interrupted: checkpoint " + result.checkpoint() + "; the same command goes on from there");
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            // A signal ends the JVM, with its own status: nothing more is to be said on stdout.
            try {
                hook.join();
                Thread.sleep(Long.MAX_VALUE);
            } catch (InterruptedException now) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
