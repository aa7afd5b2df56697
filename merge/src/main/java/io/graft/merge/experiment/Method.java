package io.graft.merge.experiment;

import java.util.SequencedMap;

/**
 * A line of the grid.
 *
 * @param name    distinct
 * @param kind    base, expert, merge or imported
 * @param group   the name in the study that it comes from
 * @param title   a line for people
 * @param variant how its experts were trained; empty where that makes no difference
 * @param control whether it is a control
 * @param sweep   the swept keys and their values here
 */
public record Method(String name, Kind kind, String group, String title, String variant, boolean control, SequencedMap<String, String> sweep) {

    /** What a line is. */
    public enum Kind {
        /** What the experts started from. */
        BASE,
        /** One trained model. */
        EXPERT,
        /** Made of others. */
        MERGE,
        /** Evaluated elsewhere. */
        IMPORTED;

        /** {@return its word in results} */
        public String word() { return name().toLowerCase(java.util.Locale.ROOT); }
    }
}
