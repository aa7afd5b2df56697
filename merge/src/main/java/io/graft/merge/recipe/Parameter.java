package io.graft.merge.recipe;

/**
 * A parameter that a merge method knows.
 *
 * @param name     its key
 * @param kind     what values it takes
 * @param perModel whether each model has its own; else it belongs to the method, and is not seen under a model
 * @param required whether there is no default (waived for the base model)
 * @param standard its default; NaN where it has none
 */
public record Parameter(String name, Kind kind, boolean perModel, boolean required, double standard) {

    /** What values a parameter takes. */
    public enum Kind {
        /** Any finite number. */
        NUMBER,
        /** A whole number. */
        INTEGER,
        /** True or false. */
        TRUTH
    }

    static Parameter weight() { return new Parameter("weight", Kind.NUMBER, true, true, Double.NaN); }

    static Parameter perModel(String name, double standard) { return new Parameter(name, Kind.NUMBER, true, false, standard); }

    static Parameter number(String name, double standard) { return new Parameter(name, Kind.NUMBER, false, Double.isNaN(standard), standard); }

    static Parameter integer(String name, double standard) { return new Parameter(name, Kind.INTEGER, false, false, standard); }

    static Parameter truth(String name, boolean standard) { return new Parameter(name, Kind.TRUTH, false, false, standard ? 1 : 0); }
}
