package io.graft.merge.search;

import java.util.Locale;

/** Merges whose every tensor is a sum of the three models, weighted by the unit's coefficients. All are ordinary recipes. */
public enum Family {
    /** {@code base + a · (math − base) + b · (language − base)}. */
    TASK_ARITHMETIC(2) {
        @Override
        double[] weights(double[] c) { return new double[] {1 - c[0] - c[1], c[0], c[1]}; }

        @Override
        double slope(double[] dots, int k) { return dots[k + 1] - dots[0]; }
    },
    /** {@code a · math + b · language}, not normalized. */
    LINEAR(2) {
        @Override
        double[] weights(double[] c) { return new double[] {0, c[0], c[1]}; }

        @Override
        double slope(double[] dots, int k) { return dots[k + 1]; }
    },
    /** {@code a · language + (1 − a) · math}: the transition of a layer swap. */
    TRANSITION(1) {
        @Override
        double[] weights(double[] c) { return new double[] {0, 1 - c[0], c[0]}; }

        @Override
        double slope(double[] dots, int k) { return dots[2] - dots[1]; }
    };

    private final int size;

    Family(int size) { this.size = size; }

    /** {@return how many coefficients a unit has} */
    public int size() { return size; }

    /** {@return its word on the command line} */
    public String word() { return name().toLowerCase(Locale.ROOT); }

    /** The weights of base, math and language. */
    abstract double[] weights(double[] coefficients);

    /** The derivative by coefficient k, given the inner products of the gradient with base, math and language. */
    abstract double slope(double[] dots, int k);
}
