package io.graft.merge.method;

import java.util.Arrays;

/**
 * Loops over blocks of floats, and the conversions of BF16 to and from them.
 *
 * <p>Plain loops over heap arrays, because C2 turns every one of them into vector code as fast as the Vector API's, without
 * its flag, and compiles them in a tenth of the time: on an AMD EPYC (Zen 3, AVX2) 0.04 ns an element for scale and
 * multiply-add, 0.04 to widen and 0.15 to narrow a pair of BF16; with the Vector API 0.04 to 0.19, and 3 s of compilation
 * in a merge that takes 2. Java never fuses a product and a sum: each is rounded.
 *
 * <p>Two BF16 in an int are widened into the two halves of a block ("pairs"): element-wise arithmetic does not care where
 * an element stands, and only then are widening and narrowing loops over ints alone, which C2 vectorises.
 */
final class Floats {

    /** Sums of products run in this many lanes. */
    static final int LANES = 256;

    private Floats() {}

    /** {@code to = x · factor}. */
    static void scale(float[] x, float factor, float[] to, int n) {
        for (int i = 0; i < n; i++) to[i] = x[i] * factor;
    }

    /** {@code to = x / divisor}. */
    static void divide(float[] x, float divisor, float[] to, int n) {
        for (int i = 0; i < n; i++) to[i] = x[i] / divisor;
    }

    /** {@code to = to + x · factor}. */
    static void addScaled(float[] x, float factor, float[] to, int n) {
        for (int i = 0; i < n; i++) to[i] = to[i] + x[i] * factor;
    }

    /** {@code to = (x − y) · factor}. */
    static void scaledDifference(float[] x, float[] y, float factor, float[] to, int n) {
        for (int i = 0; i < n; i++) to[i] = (x[i] - y[i]) * factor;
    }

    /** {@code to = to + (x − y) · factor}. */
    static void addScaledDifference(float[] x, float[] y, float factor, float[] to, int n) {
        for (int i = 0; i < n; i++) to[i] = to[i] + (x[i] - y[i]) * factor;
    }

    /** {@code to = x + y}. */
    static void add(float[] x, float[] y, float[] to, int n) {
        for (int i = 0; i < n; i++) to[i] = x[i] + y[i];
    }

    /** {@code to = x − y}. */
    static void subtract(float[] x, float[] y, float[] to, int n) {
        for (int i = 0; i < n; i++) to[i] = x[i] - y[i];
    }

    /** {@code to = x} where the mask is -1, else y. */
    static void choose(int[] mask, float[] x, float[] y, float[] to, int n) {
        for (int i = 0; i < n; i++) to[i] = mask[i] < 0 ? x[i] : y[i];
    }

    /** {@code x = 0} where the mask is 0. */
    static void and(float[] x, int[] mask, int n) {
        for (int i = 0; i < n; i++) x[i] = Float.intBitsToFloat(Float.floatToRawIntBits(x[i]) & mask[i]);
    }

    /** {@code to = to + p} where p is not zero and has the sign of the votes, whose zeros are +0 and count as plus. */
    static void addElected(float[] p, float[] votes, float[] to, int n) {
        for (int i = 0; i < n; i++) to[i] = to[i] + Float.intBitsToFloat(Float.floatToRawIntBits(p[i]) & elected(p[i], votes[i]));
    }

    /** The same, and {@code weights = weights + weight} there. */
    static void addElected(float[] p, float[] votes, float weight, float[] to, float[] weights, int n) {
        int bits = Float.floatToRawIntBits(weight);
        for (int i = 0; i < n; i++) {
            int elected = elected(p[i], votes[i]);
            to[i] = to[i] + Float.intBitsToFloat(Float.floatToRawIntBits(p[i]) & elected);
            weights[i] = weights[i] + Float.intBitsToFloat(bits & elected);
        }
    }

    /** -1 or 0, without a branch: half of them would be predicted wrongly. */
    private static int elected(float p, float votes) {
        int bits = Float.floatToRawIntBits(p);
        return ~((bits ^ Float.floatToRawIntBits(votes)) >> 31) & -(bits & 0x7fffffff) >> 31;
    }

    /** {@code x = x / divisor}, where that is not zero. */
    static void divideWhereNotZero(float[] x, float[] divisor, int n) {
        for (int i = 0; i < n; i++) x[i] = divisor[i] == 0 ? x[i] : x[i] / divisor[i];
    }

    /** {@code to = x · share + y · (1 − share)} in F64, rounded once to F32, so that blending equals gives them back. */
    static void blend(float[] x, float[] y, double share, float[] to, int n) {
        double rest = 1 - share;
        for (int i = 0; i < n; i++) to[i] = (float) (x[i] * share + y[i] * rest);
    }

    /**
     * Adds products up in F64, where products of floats are exact, element i in lane i mod LANES.
     *
     * @param x   zero from n to the next multiple of LANES, as y is
     * @param y   the other
     * @param xx  lanes of Σ x·x
     * @param yy  lanes of Σ y·y
     * @param xy  lanes of Σ x·y
     * @param n   elements
     */
    static void products(float[] x, float[] y, double[] xx, double[] yy, double[] xy, int n) {
        for (int from = 0; from < n; from += LANES) {
            lanes(x, x, from, xx);
            lanes(y, y, from, yy);
            lanes(x, y, from, xy);
        }
    }

    private static void lanes(float[] x, float[] y, int from, double[] sums) {
        for (int i = 0; i < LANES; i++) sums[i] += (double) x[from + i] * (double) y[from + i];
    }

    /** {@return the sum of the lanes, added pairwise, halves first; they are zero afterwards} */
    static double fold(double[] lanes) {
        for (int half = LANES / 2; half > 0; half /= 2)
            for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
        double sum = lanes[0];
        Arrays.fill(lanes, 0);
        return sum;
    }

    /** Bits of F32 from pairs of BF16, even elements into the first half, odd ones into the second. */
    static void widenPairs(int[] pairs, int[] bits, int half) {
        for (int i = 0; i < half; i++) bits[i] = pairs[i] << 16;
        for (int i = 0; i < half; i++) bits[half + i] = pairs[i] & 0xffff0000;
    }

    /** The inverse, rounded to the nearest, ties to even. */
    static void narrowPairs(int[] bits, int[] pairs, int half) {
        for (int i = 0; i < half; i++) pairs[i] = bf16(bits[i]) >>> 16 | bf16(bits[half + i]) & 0xffff0000;
    }

    /** Pairs of BF16 from bits of F32 in their natural order; the bits are rounded in place. */
    static void narrow(int[] bits, int[] pairs, int half) {
        for (int i = 0; i < 2 * half; i++) bits[i] = bf16(bits[i]);
        for (int i = 0; i < half; i++) pairs[i] = bits[2 * i] >>> 16 | bits[2 * i + 1] & 0xffff0000;
    }

    /** Floats from BF16 in their natural order. */
    static void widen(short[] from, float[] to, int n) {
        for (int i = 0; i < n; i++) to[i] = Float.intBitsToFloat(from[i] << 16);
    }

    /** Floats from F16. */
    static void widenHalf(short[] from, float[] to, int n) {
        for (int i = 0; i < n; i++) to[i] = Float.float16ToFloat(from[i]);
    }

    /** F16 from floats, nearest even. */
    static void narrowHalf(float[] from, short[] to, int n) {
        for (int i = 0; i < n; i++) to[i] = Float.floatToFloat16(from[i]);
    }

    /**
     * Bits of a float whose upper half is its BF16, nearest even; NaN stays one. Without a branch, so that C2 vectorises it:
     * the mask is all ones where the value is NaN.
     */
    private static int bf16(int bits) {
        int nan = 0x7f800000 - (bits & 0x7fffffff) >> 31;
        return ~nan & bits + 0x7fff + (bits >>> 16 & 1) | nan & (bits | 0x400000);
    }
}
