package io.graft.merge.method;

import java.util.Map;
import java.util.TreeMap;

/**
 * Where in a generator's sequence the random masks of a merge begin. The sequence runs on from tensor to tensor, so a tensor's
 * mask begins after the draws of all before it; the first who asks for it walks there, from the nearest place known (0.5 ns
 * a draw), and the place is kept: 2.5 kB for each mask. Safe for many threads.
 */
public final class MaskPlaces {

    private final Map<Long, TreeMap<Long, MersenneTwister>> bySeed = new java.util.HashMap<>();

    /** None known yet. */
    public MaskPlaces() {}

    /**
     * A generator at a place.
     *
     * @param seed  the generator's
     * @param first the number of the next draw
     * @return one that nobody else has
     */
    public synchronized MersenneTwister at(long seed, long first) {
        TreeMap<Long, MersenneTwister> places = bySeed.computeIfAbsent(seed, _ -> new TreeMap<>(Map.of(0L, new MersenneTwister(seed))));
        MersenneTwister known = places.get(first);
        if (known == null) {
            known = places.floorEntry(first).getValue().copy();
            known.skip(first - known.position());
            places.put(first, known);
        }
        return known.copy();
    }
}
