package io.graft.merge.experiment;

import java.util.List;

/** Hears how far a study has come: from one thread at a time, but of several steps that are under way together. */
public interface StudyListener {

    /**
     * It begins.
     *
     * @param todo the steps that are not in the cache, in their order
     * @param all  how many steps there are
     */
    default void started(List<Step> todo, int all) {}

    /**
     * A step is under way.
     *
     * @param step  which
     * @param share of it that is done, from 0 to 1
     * @param note  a few words; empty for none
     */
    default void at(Step step, double share, String note) {}

    /**
     * A step is done.
     *
     * @param step    which
     * @param seconds it took
     */
    default void done(Step step, double seconds) {}

    /** {@return whether to stop as soon as that loses nothing; asked by any thread at any time} */
    default boolean stop() { return false; }
}
