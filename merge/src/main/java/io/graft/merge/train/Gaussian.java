package io.graft.merge.train;

import java.nio.charset.StandardCharsets;

/**
 * Normally distributed numbers by place instead of by turn: number i is a pure function of seed, name and i. Numbers 2j and 2j + 1
 * are the two of Box and Muller (1958) from two uniform ones, which are splitmix64's outputs (Steele et al. 2014) 2j and 2j + 1 from
 * a state that seed and name determine; StrictMath gives the same bits everywhere.
 */
final class Gaussian {

    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private Gaussian() {}

    static FreshModel.Values of(long seed, String name, double deviation) {
        long hash = 0xCBF29CE484222325L; // FNV-1a
        for (byte each : name.getBytes(StandardCharsets.UTF_8)) hash = (hash ^ each & 0xFF) * 0x100000001B3L;
        long state = mix(mix(seed + GOLDEN) ^ hash);
        return index -> {
            long pair = index & ~1L;
            double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - uniform(state, pair))), angle = 2 * Math.PI * uniform(state, pair + 1);
            return (float) (deviation * radius * ((index & 1) == 0 ? StrictMath.cos(angle) : StrictMath.sin(angle)));
        };
    }

    /** In [0, 1), of 53 bits. */
    private static double uniform(long state, long index) { return (mix(state + (index + 1) * GOLDEN) >>> 11) * 0x1p-53; }

    private static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
