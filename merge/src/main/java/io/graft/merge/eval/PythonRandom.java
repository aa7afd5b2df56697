package io.graft.merge.eval;

import java.util.ArrayList;
import java.util.List;

/**
 * The random numbers of Python's {@code random.Random(seed)}, as far as {@code sample} needs them: the Mersenne Twister MT19937
 * (Matsumoto and Nishimura 1998), seeded by an array. The harness draws its examples by it.
 */
final class PythonRandom {

    private static final int N = 624, M = 397;

    private final int[] state = new int[N];
    private int at = N;

    /** Starts at a seed of 0 or more, which Python takes as an array of one word. */
    PythonRandom(int seed) {
        state[0] = 19650218;
        for (int i = 1; i < N; i++) state[i] = 1812433253 * mixed(i) + i;
        int i = 1;
        for (int k = 0; k < N; k++) {
            state[i] = (state[i] ^ 1664525 * mixed(i)) + seed;
            i = next(i);
        }
        for (int k = 0; k < N - 1; k++) {
            state[i] = (state[i] ^ 1566083941 * mixed(i)) - i;
            i = next(i);
        }
        state[0] = 0x80000000;
    }

    private int mixed(int i) { return state[i - 1] ^ state[i - 1] >>> 30; }

    private int next(int i) {
        if (i + 1 < N) return i + 1;
        state[0] = state[N - 1];
        return 1;
    }

    /** So many different numbers from 0 to {@code population - 1}, in the order drawn. */
    int[] sample(int population, int count) {
        if (count < 0 || count > population) throw new IllegalArgumentException(count + " of " + population);
        int limit = 21;
        if (count > 5) limit += (int) Math.round(Math.pow(4, Math.ceil(Math.log(count * 3.0) / Math.log(4))));
        int[] drawn = new int[count];
        List<Integer> pool = new ArrayList<>();
        if (population <= limit) for (int i = 0; i < population; i++) pool.add(i);
        for (int i = 0; i < count; i++) {
            if (population <= limit) {
                int j = below(population - i);
                drawn[i] = pool.get(j);
                pool.set(j, pool.get(population - i - 1));
            } else {
                int j = below(population);
                while (pool.contains(j)) j = below(population);
                pool.add(j);
                drawn[i] = j;
            }
        }
        return drawn;
    }

    /** Draws as many bits as the bound has, until they are below it. */
    private int below(int bound) {
        int bits = 32 - Integer.numberOfLeadingZeros(bound);
        int drawn = word() >>> 32 - bits;
        while (drawn >= bound) drawn = word() >>> 32 - bits;
        return drawn;
    }

    private int word() {
        if (at == N) twist();
        int y = state[at++];
        y ^= y >>> 11;
        y ^= y << 7 & 0x9d2c5680;
        y ^= y << 15 & 0xefc60000;
        return y ^ y >>> 18;
    }

    private void twist() {
        for (int i = 0; i < N; i++) {
            int y = state[i] & 0x80000000 | state[(i + 1) % N] & 0x7fffffff;
            state[i] = state[(i + M) % N] ^ y >>> 1 ^ (y & 1) * 0x9908b0df;
        }
        at = 0;
    }
}
