package io.graft.merge.world;

/**
 * Random numbers that are the same with every JDK: SplitMix64 (Steele, Lea and Flood 2014), whose numbers no library may change under us.
 * For one thread.
 */
final class Dice {

    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long state;

    /** Dice of a seed for one purpose: those of another purpose tell nothing of them. */
    Dice(long seed, String purpose) {
        long hash = mix(seed + GOLDEN);
        for (int i = 0; i < purpose.length(); i++) hash = mix(hash + GOLDEN * (purpose.charAt(i) + 1));
        state = hash;
    }

    /** 0 to bound − 1, each as likely as the others but for one part in 2^31 / bound. */
    int roll(int bound) { return (int) (((next() >>> 33) * bound) >>> 31); }

    /** One of two. */
    boolean coin() { return next() < 0; }

    private long next() { return mix(state += GOLDEN); }

    /** The finalizer: every bit of the result hangs on every bit of the number. */
    static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
