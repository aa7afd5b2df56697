package io.graft.merge.run;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A request to stop a merge, from any thread; the merge stops between two pieces and removes its temporary files. */
public final class Cancellation {

    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean requested;
    private volatile boolean finished;

    /** Not requested yet. */
    public Cancellation() {}

    /** Asks the merge to stop. */
    public void request() { requested = true; }

    /** {@return whether it was asked to stop} */
    public boolean isRequested() { return requested; }

    /** The merge calls this once, when nothing of it is left: its folder is finished, or its temporary files are gone. */
    void ended(boolean isFinished) {
        finished = isFinished;
        ended.countDown();
    }

    /**
     * Waits until the merge has ended.
     *
     * @param seconds how long at most
     * @return whether it has ended without finishing: its temporary files are gone
     * @throws InterruptedException if the waiting thread is interrupted
     */
    public boolean awaitRemoved(long seconds) throws InterruptedException { return ended.await(seconds, TimeUnit.SECONDS) && !finished; }
}
