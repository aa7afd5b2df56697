package io.graft.engine.train;

import io.graft.engine.kernel.backward.AdapterMath;

/**
 * Random numbers by counting: the n-th of a key is a function of both, so that any can be had without those before it, on any
 * thread, on any machine, and in a run that goes on after it was stopped. Number n of a key is the finaliser of SplitMix64 at
 * {@code key + n · 0x9E3779B97F4A7C15} (Steele, Lea and Flood 2014).
 */
public final class CounterRandom {

    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    private final long key;
    private long next;

    /**
     * Numbers of a key, from the first.
     *
     * @param key see {@link #key(long, long)}
     */
    public CounterRandom(long key) { this.key = key; }

    /**
     * A key under a key.
     *
     * @param key    such as a seed
     * @param number such as a step
     * @return another key
     */
    public static long key(long key, long number) { return AdapterMath.mix(AdapterMath.mix(key + GAMMA) ^ number * GAMMA); }

    /**
     * A key under a key.
     *
     * @param key  such as a seed
     * @param name such as a tensor's
     * @return another key
     */
    public static long key(long key, String name) {
        long hash = 0xCBF29CE484222325L; // FNV-1a, by characters
        for (int i = 0; i < name.length(); i++) hash = (hash ^ name.charAt(i)) * 0x100000001B3L;
        return key(key, hash);
    }

    /**
     * Passes over numbers; a Gaussian one takes two.
     *
     * @param count how many
     * @return this
     */
    public CounterRandom skip(long count) {
        next += count;
        return this;
    }

    /** {@return the next number, any 64 bits} */
    public long nextLong() { return AdapterMath.mix(key + next++ * GAMMA); }

    /** {@return the next number, from 0 to below 1, of 53 bits} */
    public double nextDouble() { return (nextLong() >>> 11) * 0x1p-53; }

    /** {@return the next number of the standard normal distribution: Box and Muller's, of two numbers, by StrictMath} */
    public double nextGaussian() {
        double radius = Math.sqrt(-2 * StrictMath.log(1 - nextDouble()));
        return radius * StrictMath.cos(2 * Math.PI * nextDouble());
    }
}
