package io.graft.merge.plan;

/** Which elements of a task vector stay; the others become zero. Magnitudes are those of the F32 difference. */
public sealed interface Keep {

    /** All of them. */
    Keep ALL = new All();

    /** All of them. */
    record All() implements Keep {}

    /**
     * By magnitude: the {@code keep} largest, of these without the {@code drop} largest. Of equal magnitudes the one with the
     * lower index counts as larger. Yadav et al. 2023, "TIES-Merging"; with {@code drop}, Davari and Belilovsky 2023, "Model Breadcrumbs".
     *
     * @param keep how many of the largest, 0 or more
     * @param drop how many of these go again, at most {@code keep}
     */
    record Largest(long keep, long drop) implements Keep {}

    /**
     * At random, each with the same probability: where a draw of {@link io.graft.merge.method.MersenneTwister}, its low 24 bits over
     * 2^24, is below the density. Yu et al. 2023, "Language Models are Super Mario" (DARE).
     *
     * @param density the probability, rounded to F32
     * @param seed    of the generator, whose low 32 bits count
     * @param first   the number of the draw for element 0 in the generator's sequence; element i has draw {@code first + i}
     */
    record Random(float density, long seed, long first) implements Keep {}
}
