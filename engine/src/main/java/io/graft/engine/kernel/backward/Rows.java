package io.graft.engine.kernel.backward;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.graft.engine.memory.Tensor;
import java.lang.foreign.MemorySegment;

/** Rows of tensors on the heap, where C2 vectorises plain loops, and sums that have the same bits everywhere. */
final class Rows {

    /** Sums run in this many lanes, element e in lane e mod LANES, which are then added pairwise, halves first. */
    private static final int LANES = 64;

    private Rows() {}

    static void read(MemorySegment from, long element, float[] to, int n) {
        MemorySegment.copy(from, JAVA_FLOAT_UNALIGNED, 4 * element, to, 0, n);
    }

    static void write(float[] from, MemorySegment to, long element, int n) {
        MemorySegment.copy(from, 0, to, JAVA_FLOAT_UNALIGNED, 4 * element, n);
    }

    /** Reads a vector of any computable type, widened. */
    static float[] widen(Tensor vector) {
        int n = Math.toIntExact(vector.shape().elements());
        float[] values = new float[n];
        MemorySegment from = vector.segment();
        switch (vector.dtype()) {
            case F32 -> read(from, 0, values, n);
            case BF16 -> {
                for (int i = 0; i < n; i++) values[i] = Float.intBitsToFloat(from.get(JAVA_SHORT_UNALIGNED, 2L * i) << 16);
            }
            case F16 -> {
                for (int i = 0; i < n; i++) values[i] = Float.float16ToFloat(from.get(JAVA_SHORT_UNALIGNED, 2L * i));
            }
            default -> throw new IllegalArgumentException(vector + " is no F32, BF16 or F16");
        }
        return values;
    }

    /** Σ a·b over n elements from the given places. {@code lanes} is scratch of {@link #LANES}. */
    static float dot(float[] a, int aAt, float[] b, int bAt, int n, float[] lanes) {
        java.util.Arrays.fill(lanes, 0);
        int whole = n - n % LANES;
        for (int block = 0; block < whole; block += LANES)
            for (int lane = 0; lane < LANES; lane++) lanes[lane] = Math.fma(a[aAt + block + lane], b[bAt + block + lane], lanes[lane]);
        for (int i = whole; i < n; i++) lanes[i - whole] = Math.fma(a[aAt + i], b[bAt + i], lanes[i - whole]);
        return tree(lanes);
    }

    /** y += factor · x over n elements from the given places. */
    static void axpy(float factor, float[] x, int xAt, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i++) y[yAt + i] = Math.fma(factor, x[xAt + i], y[yAt + i]);
    }

    static float[] lanes() { return new float[LANES]; }

    private static float tree(float[] lanes) {
        for (int half = LANES / 2; half > 0; half /= 2)
            for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
        return lanes[0];
    }
}
