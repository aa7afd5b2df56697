package io.graft.merge.experiment;

import java.nio.file.Path;
import java.util.List;

/**
 * One step of a study: what it makes is a folder of the cache whose name holds its key.
 *
 * @param id      what people call it, distinct
 * @param kind    what it does
 * @param key     hash of its settings and of the contents of all that goes in
 * @param needs   the steps before it
 * @param cost    expected
 * @param subject what it asks: steps of one subject share what they open; empty where there is nothing to share
 * @param work    does it
 */
public record Step(String id, Kind kind, String key, List<Step> needs, Cost cost, String subject, Work work) {

    /** A step that shares nothing. */
    Step(String id, Kind kind, String key, List<Step> needs, Cost cost, Work work) { this(id, kind, key, needs, cost, "", work); }

    /** What steps do, in the order in which a study comes to them. */
    public enum Kind {
        /** Makes data out of files. */
        DATA,
        /** Trains a model. */
        TRAIN,
        /** Writes a merge. */
        MERGE,
        /** Looks where experts changed. */
        ANALYSE,
        /** Asks a model the questions of one evaluation. */
        EVALUATE
    }

    /** Does a step. */
    @FunctionalInterface
    public interface Work {

        /**
         * Fills the folder.
         *
         * @param folder   made, empty or with what an interrupted run left there
         * @param progress told shares of the step that are done, from 0 to 1
         */
        void run(Path folder, Progress progress);
    }

    /** Hears how far a step is. */
    @FunctionalInterface
    public interface Progress {

        /**
         * A share is done.
         *
         * @param share from 0 to 1
         * @param note  a few words; empty for none
         */
        void at(double share, String note);
    }

    /** {@return the name of its folder in the cache} */
    String folder() {
        String slug = id.replaceAll("[^A-Za-z0-9_=.-]+", "-").replaceAll("^-|-$", "");
        return kind.name().toLowerCase(java.util.Locale.ROOT) + "/" + (slug.length() > 80 ? slug.substring(0, 80) : slug) + "-" + key.substring(0, 16);
    }
}
