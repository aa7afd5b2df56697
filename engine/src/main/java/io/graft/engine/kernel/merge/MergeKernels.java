package io.graft.engine.kernel.merge;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.graft.engine.RequestException;
import io.graft.engine.kernel.vector.VectorMergeKernels;
import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What merges do to blocks of elements. Aim: the same bits from every implementation, at the speed of memory. Not an aim:
 * knowing tensors, files or merge methods.
 *
 * <p>Blocks named {@code x, y, to} are F32 from their first byte, little-endian, in native memory of the caller; they may be
 * the same block (element i is read before element i is written) but must not overlap otherwise. Every product and sum is
 * rounded to F32: none is fused, so that results equal those of a loop in any language. Stateless; safe for many threads.
 */
public interface MergeKernels {

    /** Reductions run in this many lanes, element e in lane e mod LANES: a multiple of every vector width. */
    int LANES = 16;

    /** Little-endian, any alignment: safetensors promises none. */
    ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);

    /** Little-endian, any alignment. */
    ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);

    /**
     * The implementation to use.
     *
     * @param kind {@code scalar}, {@code vector}, or null for vector where the JVM has it
     * @return that implementation
     * @throws RequestException if the kind is unknown, or vector and the JVM was started without it
     */
    static MergeKernels of(String kind) {
        boolean able = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        if (kind == null) return able ? new VectorMergeKernels() : new ScalarMergeKernels();
        return switch (kind) {
            case "scalar" -> new ScalarMergeKernels();
            case "vector" -> {
                if (!able) throw new RequestException("--kernels", "the JVM runs without vector kernels", null, null, "start it with --add-modules jdk.incubator.vector");
                yield new VectorMergeKernels();
            }
            default -> throw new RequestException("--kernels", "unknown kind of kernels", "scalar or vector", kind);
        };
    }

    /** {@return {@code scalar} or {@code vector}} */
    String kind();

    /** BF16 to F32, exactly. */
    void widenBf16(MemorySegment from, long at, MemorySegment to, int count);

    /** F32 to BF16, to the nearest, ties to even; NaN stays NaN (made quiet). */
    void narrowBf16(MemorySegment x, MemorySegment to, long at, int count);

    /** {@code to = x · factor}. */
    void scale(MemorySegment x, float factor, MemorySegment to, int count);

    /** {@code to = x / divisor}. */
    void divide(MemorySegment x, float divisor, MemorySegment to, int count);

    /** {@code to = to + x · factor}. */
    void addScaled(MemorySegment x, float factor, MemorySegment to, int count);

    /** {@code to = (x − y) · factor}. */
    void scaledDifference(MemorySegment x, MemorySegment y, float factor, MemorySegment to, int count);

    /** {@code to = to + (x − y) · factor}. */
    void addScaledDifference(MemorySegment x, MemorySegment y, float factor, MemorySegment to, int count);

    /** {@code to = x + y}. */
    void add(MemorySegment x, MemorySegment y, MemorySegment to, int count);

    /** {@code to = x − y}. */
    void subtract(MemorySegment x, MemorySegment y, MemorySegment to, int count);

    /** {@code to = x · share + y · (1 − share)}, computed in F64 and rounded once to F32, so that blending equals gives them back. */
    void blend(MemorySegment x, MemorySegment y, double share, MemorySegment to, int count);

    /**
     * Adds {@code Σ x·x}, {@code Σ y·y} and {@code Σ x·y} in F64, where products of floats are exact.
     *
     * @param x     the one
     * @param y     the other
     * @param lanes the sums so far, {@link #LANES} of each of the three, one kind after the other; updated
     * @param count how many elements; all calls but the last upon the same lanes need a multiple of LANES
     */
    void products(MemorySegment x, MemorySegment y, double[] lanes, int count);

    /**
     * Adds the lanes of one sum up, pairwise, halves first.
     *
     * @param lanes as {@link #products} left them
     * @param which 0 for x·x, 1 for y·y, 2 for x·y
     * @return the sum
     */
    static double sum(double[] lanes, int which) {
        double[] tree = java.util.Arrays.copyOfRange(lanes, which * LANES, (which + 1) * LANES);
        for (int half = LANES / 2; half > 0; half /= 2)
            for (int i = 0; i < half; i++) tree[i] += tree[i + half];
        return tree[0];
    }

    /**
     * Widens stored elements to F32, exactly.
     *
     * @param dtype F32, BF16 or F16
     * @param from  where they are stored; may be a mapping
     * @param at    the first one's place there, in bytes
     * @param to    receives them as F32 from its first byte
     * @param count how many
     */
    default void widen(DType dtype, MemorySegment from, long at, MemorySegment to, int count) {
        if (count == 0) return;
        // One plain read in the method that C2 compiles lets HotSpot turn a fault in a truncated mapping into an error.
        from.get(JAVA_BYTE, at);
        switch (dtype) {
            case F32 -> MemorySegment.copy(from, at, to, 0, 4L * count);
            case BF16 -> widenBf16(from, at, to, count);
            case F16 -> {
                for (int i = 0; i < count; i++) to.set(FLOAT, 4L * i, Float.float16ToFloat(from.get(SHORT, at + 2L * i)));
            }
            default -> throw new IllegalStateException("no arithmetic on " + dtype);
        }
    }

    /**
     * Rounds F32 to how it is stored, to the nearest, ties to even.
     *
     * @param x     F32 from its first byte
     * @param dtype F32, BF16 or F16
     * @param to    receives them
     * @param at    the first one's place there, in bytes
     * @param count how many
     */
    default void narrow(MemorySegment x, DType dtype, MemorySegment to, long at, int count) {
        switch (dtype) {
            case F32 -> MemorySegment.copy(x, 0, to, at, 4L * count);
            case BF16 -> narrowBf16(x, to, at, count);
            case F16 -> {
                for (int i = 0; i < count; i++) to.set(SHORT, at + 2L * i, Float.floatToFloat16(x.get(FLOAT, 4L * i)));
            }
            default -> throw new IllegalStateException("no arithmetic on " + dtype);
        }
    }

    /**
     * One float to BF16, nearest even.
     *
     * @param value any
     * @return its upper half, rounded
     */
    static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7fffffff) > 0x7f800000) return (short) (bits >>> 16 | 0x40);
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }
}
