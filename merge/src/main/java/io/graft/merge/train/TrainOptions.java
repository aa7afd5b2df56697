package io.graft.merge.train;

import java.util.function.BooleanSupplier;

/**
 * How to run a training; nothing of it changes the result's bytes.
 *
 * @param threads that compute, 1 or more
 * @param kernels scalar or vector; null for the best there are
 * @param resume  what to do with checkpoints of an earlier run
 * @param force   whether an output folder that is not empty is replaced
 * @param stop    asked between two steps whether to write a checkpoint and end
 */
public record TrainOptions(int threads, String kernels, Resume resume, boolean force, BooleanSupplier stop) {

    /** What to do with checkpoints of an earlier run. */
    public enum Resume {
        /** Go on from the newest; begin anew where there is none. */
        AUTO,
        /** Go on from the newest, which must be there. */
        REQUIRED,
        /** Begin anew, and remove them. */
        NEVER
    }

    /** Checks the number. */
    public TrainOptions {
        if (threads < 1) throw new IllegalArgumentException("threads " + threads);
    }

    /** {@return all cores, the best kernels, going on where there is a checkpoint, no force, never stopped} */
    public static TrainOptions defaults() { return new TrainOptions(Runtime.getRuntime().availableProcessors(), null, Resume.AUTO, false, () -> false); }

    /**
     * With another number of threads.
     *
     * @param number 1 or more
     * @return a copy
     */
    public TrainOptions withThreads(int number) { return new TrainOptions(number, kernels, resume, force, stop); }

    /**
     * With or without replacing an output that is there.
     *
     * @param replace whether to
     * @return a copy
     */
    public TrainOptions withForce(boolean replace) { return new TrainOptions(threads, kernels, resume, replace, stop); }

    /**
     * With other kernels.
     *
     * @param choice scalar or vector; null for the best there are
     * @return a copy
     */
    public TrainOptions withKernels(String choice) { return new TrainOptions(threads, choice, resume, force, stop); }

    /**
     * With somebody who may stop it.
     *
     * @param asked between two steps
     * @return a copy
     */
    public TrainOptions withStop(BooleanSupplier asked) { return new TrainOptions(threads, kernels, resume, force, asked); }
}
