package io.graft.merge.method;

import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * What one thread computes in: blocks of at most {@link Arithmetic#BLOCK} floats that stay in its first-level cache, and the
 * ways into and out of them. For one thread.
 *
 * <p>Stored bytes are copied in and out of native memory by {@link MemorySegment#copy}, which turns a fault in a truncated
 * mapping into an error instead of the end of the process.
 */
public final class Registers {

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    final float[] result = new float[Arithmetic.BLOCK];
    final float[] x = new float[Arithmetic.BLOCK];
    final float[] y = new float[Arithmetic.BLOCK];

    private final int[] bits = new int[Arithmetic.BLOCK];
    private final int[] pairs = new int[Arithmetic.BLOCK / 2];
    private final short[] halves = new short[Arithmetic.BLOCK];
    private final MemorySegment bitBytes = MemorySegment.ofArray(bits), pairBytes = MemorySegment.ofArray(pairs);
    private final double[] xx = new double[Floats.LANES], yy = new double[Floats.LANES], xy = new double[Floats.LANES];

    private boolean paired;
    private int[] mask;
    private float[] weights;
    private float[][] parts = new float[0][];
    private Tally[] tallies = new Tally[0];
    private final Masks masks = new Masks();

    /** Empty ones. */
    public Registers() {}

    /**
     * Says in which order elements will stand in the registers until further notice.
     *
     * @param areAllBf16 whether all that will be loaded and stored is BF16: the fast order, halves of pairs
     */
    public void pair(boolean areAllBf16) { paired = areAllBf16; }

    /** {@return how many floats stand in a register for a block of n elements} */
    int floats(int n) { return paired ? n + 1 & ~1 : n; }

    /** {@return where the i-th of n elements stands in a register} */
    int place(int i, int n) { return paired ? (i >>> 1) + (i & 1) * (n + 1 >>> 1) : i; }

    /** {@return a register of masks, -1 or 0} */
    int[] mask() {
        if (mask == null) mask = new int[Arithmetic.BLOCK];
        return mask;
    }

    /** {@return a register for sums of weights} */
    float[] weights() {
        if (weights == null) weights = new float[Arithmetic.BLOCK];
        return weights;
    }

    /** {@return registers for task vectors, as many as asked for or more} */
    float[][] parts(int number) {
        if (parts.length < number) parts = new float[number][Arithmetic.BLOCK];
        return parts;
    }

    /** {@return what is counted of a task vector} */
    Tally tally(int part) {
        if (tallies.length <= part) {
            int before = tallies.length;
            tallies = Arrays.copyOf(tallies, part + 1);
            for (int i = before; i <= part; i++) tallies[i] = new Tally();
        }
        return tallies[part];
    }

    /** {@return the thread's generators of random masks} */
    Masks masks() { return masks; }

    /**
     * Loads a block, widened to F32 exactly.
     *
     * @param dtype F32, BF16 or F16
     * @param from  where it is stored, native or mapped
     * @param at    its first byte there
     * @param to    one of these registers
     * @param n     elements
     */
    void load(DType dtype, MemorySegment from, long at, float[] to, int n) {
        switch (dtype) {
            case F32 -> MemorySegment.copy(from, FLOAT, at, to, 0, n);
            case F16 -> {
                MemorySegment.copy(from, SHORT, at, halves, 0, n);
                Floats.widenHalf(halves, to, n);
            }
            case BF16 -> {
                if (paired) {
                    int half = n + 1 >>> 1;
                    if ((n & 1) == 1) pairs[half - 1] = 0;
                    MemorySegment.copy(from, at, pairBytes, 0, 2L * n);
                    Floats.widenPairs(pairs, bits, half);
                    MemorySegment.copy(bitBytes, INT, 0, MemorySegment.ofArray(to), INT, 0, 2L * half);
                } else {
                    MemorySegment.copy(from, SHORT, at, halves, 0, n);
                    Floats.widen(halves, to, n);
                }
            }
            default -> throw new IllegalStateException("no arithmetic on " + dtype);
        }
    }

    /**
     * Stores the result, rounded to the nearest, ties to even.
     *
     * @param dtype F32, BF16 or F16
     * @param to    receives it
     * @param at    its first byte there
     * @param n     elements
     */
    public void store(DType dtype, MemorySegment to, long at, int n) {
        switch (dtype) {
            case F32 -> MemorySegment.copy(result, 0, to, FLOAT, at, n);
            case F16 -> {
                Floats.narrowHalf(result, halves, n);
                MemorySegment.copy(halves, 0, to, SHORT, at, n);
            }
            case BF16 -> {
                int half = n + 1 >>> 1;
                MemorySegment.copy(MemorySegment.ofArray(result), INT, 0, bitBytes, INT, 0, floats(n));
                if (paired) {
                    Floats.narrowPairs(bits, pairs, half);
                } else {
                    if ((n & 1) == 1) bits[n] = 0;
                    Floats.narrow(bits, pairs, half);
                }
                MemorySegment.copy(pairBytes, 0, to, at, 2L * n);
            }
            default -> throw new IllegalStateException("no arithmetic on " + dtype);
        }
    }

    /**
     * Widens stored elements to F32, exactly, in their order.
     *
     * @param dtype F32, BF16 or F16
     * @param from  where they are stored
     * @param at    their first byte there
     * @param to    receives them as F32
     * @param toAt  their first byte there
     * @param n     elements, a block at most
     */
    public void widen(DType dtype, MemorySegment from, long at, MemorySegment to, long toAt, int n) {
        paired = false;
        load(dtype, from, at, result, n);
        MemorySegment.copy(result, 0, to, FLOAT, toAt, n);
    }

    /** Adds the products of what stands in x and y to the sums. */
    void products(int n) {
        int floats = floats(n), padded = (floats + Floats.LANES - 1) / Floats.LANES * Floats.LANES;
        Arrays.fill(x, floats, padded, 0);
        Arrays.fill(y, floats, padded, 0);
        Floats.products(x, y, xx, yy, xy, floats);
    }

    /**
     * Ends a reduction.
     *
     * @return Σ x·x, Σ y·y, Σ x·y since the last one
     */
    double[] sums() { return new double[] {Floats.fold(xx), Floats.fold(yy), Floats.fold(xy)}; }
}
