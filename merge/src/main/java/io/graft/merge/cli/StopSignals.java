package io.graft.merge.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;

/** Work that SIGINT and SIGTERM stop at its next good moment, such as between two steps, instead of at once. */
final class StopSignals {

    private StopSignals() {}

    /**
     * Works.
     *
     * @param asked what is said when a signal comes
     * @param work  asks whether to stop
     * @param last  told what the work came to after a signal, unless it failed; what it says is the last that is said
     * @return what it came to; does not return if a signal ended it
     */
    static <R> R run(String asked, Function<BooleanSupplier, R> work, Consumer<R> last) {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<R> result = new AtomicReference<>();
        CountDownLatch ended = new CountDownLatch(1);
        Thread hook = new Thread(() -> {
            stop.set(true);
            System.err.println("graft: interrupted: " + asked);
            try {
                ended.await();
            } catch (InterruptedException ending) {
                Thread.currentThread().interrupt();
            }
            if (result.get() != null) last.accept(result.get());
        }, "graft-signal");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            result.set(work.apply(stop::get));
            return result.get();
        } finally {
            ended.countDown();
            forget(hook);
        }
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
