package io.graft.merge.eval;

/** Hears how far an evaluation has come, on the thread that evaluates. */
@FunctionalInterface
public interface EvalListener {

    /** Hears nothing. */
    EvalListener NONE = (_, _, _) -> true;

    /**
     * Some questions were answered.
     *
     * @param task  the task's name
     * @param done  how many of its questions have been answered
     * @param total of how many
     * @return whether to go on; false cancels
     */
    boolean answered(String task, int done, int total);
}
