package io.graft.merge.method;

/**
 * MT19937 (Matsumoto and Nishimura 1998), seeded as {@code init_genrand} does: the generator whose draws decide what DARE
 * keeps, in mergekit as here. Goes forward only; a {@linkplain #copy copy} marks a place to come back to. For one thread.
 */
public final class MersenneTwister {

    private static final int SIZE = 624, SHIFT = 397;

    private final int[] state;
    /** The next word of the state to give out; SIZE when all are. */
    private int next;
    private long position;

    /**
     * At its first draw.
     *
     * @param seed whose low 32 bits count
     */
    public MersenneTwister(long seed) {
        state = new int[SIZE];
        state[0] = (int) seed;
        for (int i = 1; i < SIZE; i++) state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >>> 30) + i;
        next = SIZE;
    }

    private MersenneTwister(MersenneTwister other) {
        state = other.state.clone();
        next = other.next;
        position = other.position;
    }

    /** {@return another at the same place} */
    public MersenneTwister copy() { return new MersenneTwister(this); }

    /** {@return the number of the next draw, from 0} */
    public long position() { return position; }

    /**
     * Leaves draws out, at the cost of a third of drawing them.
     *
     * @param draws how many, 0 or more
     */
    public void skip(long draws) {
        position += draws;
        while (draws > SIZE - next) {
            draws -= SIZE - next;
            twist();
        }
        next += (int) draws;
    }

    /**
     * Draws.
     *
     * @param to receives them, 32 bits each
     * @param n  how many
     */
    public void draw(int[] to, int n) {
        position += n;
        for (int done = 0; done < n; ) {
            if (next == SIZE) twist();
            int now = Math.min(n - done, SIZE - next);
            for (int i = 0; i < now; i++) {
                int y = state[next + i];
                y ^= y >>> 11;
                y ^= y << 7 & 0x9d2c5680;
                y ^= y << 15 & 0xefc60000;
                to[done + i] = y ^ y >>> 18;
            }
            next += now;
            done += now;
        }
    }

    private void twist() {
        for (int i = 0; i < SIZE - SHIFT; i++) state[i] = state[i + SHIFT] ^ mixed(state[i], state[i + 1]);
        for (int i = SIZE - SHIFT; i < SIZE - 1; i++) state[i] = state[i + SHIFT - SIZE] ^ mixed(state[i], state[i + 1]);
        state[SIZE - 1] = state[SHIFT - 1] ^ mixed(state[SIZE - 1], state[0]);
        next = 0;
    }

    private static int mixed(int high, int low) {
        int y = high & 0x80000000 | low & 0x7fffffff;
        return y >>> 1 ^ -(y & 1) & 0x9908b0df;
    }
}
