package io.graft.merge.cli;

import io.graft.engine.RunException;
import io.graft.merge.run.Cancellation;
import java.nio.file.Path;
import java.util.function.Function;

/** A run that SIGINT and SIGTERM stop between two pieces: temporary files are removed, and the user is told so. */
final class Interruptible {

    private static final int SIGNAL_WAIT_SECONDS = 120;

    private Interruptible() {}

    /**
     * Runs something.
     *
     * @param <T>  what it gives
     * @param out  the folder that it makes, for the message
     * @param work asks the cancellation that it is handed, and tells it when it has ended
     * @return what it gave
     */
    static <T> T run(Path out, Function<Cancellation, T> work) {
        Cancellation cancellation = new Cancellation();
        Thread hook = new Thread(() -> stop(out, cancellation), "graft-signal");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return work.apply(cancellation);
        } catch (RunException stopped) {
            if (cancellation.isRequested()) awaitEnd();
            throw stopped;
        } finally {
            forget(hook);
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            // The JVM is ending, and the hook runs.
        }
    }

    /** Runs when a signal ends the JVM, which then exits with 130 or 143 by itself. */
    private static void stop(Path out, Cancellation cancellation) {
        cancellation.request();
        try {
            boolean removed = cancellation.awaitRemoved(SIGNAL_WAIT_SECONDS);
            System.err.println("graft: interrupted: " + (removed ? "temporary files removed, " + out + " is as it was" : out + " had just been finished"));
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }

    /** The JVM is about to end by a signal, whose status it keeps: this thread has nothing more to say. */
    private static void awaitEnd() {
        try {
            Thread.sleep(SIGNAL_WAIT_SECONDS * 1000L);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
        }
    }
}
