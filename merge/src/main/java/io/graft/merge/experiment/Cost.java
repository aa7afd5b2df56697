package io.graft.merge.experiment;

/**
 * What a step is expected to take on this machine: an estimate, for the order of magnitude and for the time left.
 *
 * @param seconds of work
 * @param memory  bytes beside mapped weights
 */
public record Cost(double seconds, long memory) {

    /** Next to nothing. */
    static final Cost SMALL = new Cost(0.05, 0);
}
