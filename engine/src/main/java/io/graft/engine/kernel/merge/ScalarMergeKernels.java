package io.graft.engine.kernel.merge;

import java.lang.foreign.MemorySegment;

/** The oracle, and the fallback of a JVM without vectors: one plain loop a kernel. */
public final class ScalarMergeKernels implements MergeKernels {

    /** Stateless. */
    public ScalarMergeKernels() {}

    @Override
    public String kind() { return "scalar"; }

    @Override
    public void widenBf16(MemorySegment from, long at, MemorySegment to, int count) {
        for (int i = 0; i < count; i++) put(to, i, Float.intBitsToFloat(from.get(SHORT, at + 2L * i) << 16));
    }

    @Override
    public void narrowBf16(MemorySegment x, MemorySegment to, long at, int count) {
        for (int i = 0; i < count; i++) to.set(SHORT, at + 2L * i, MergeKernels.toBf16(get(x, i)));
    }

    @Override
    public void scale(MemorySegment x, float factor, MemorySegment to, int count) {
        for (int i = 0; i < count; i++) put(to, i, get(x, i) * factor);
    }

    @Override
    public void divide(MemorySegment x, float divisor, MemorySegment to, int count) {
        for (int i = 0; i < count; i++) put(to, i, get(x, i) / divisor);
    }

    @Override
    public void addScaled(MemorySegment x, float factor, MemorySegment to, int count) {
        for (int i = 0; i < count; i++) put(to, i, get(to, i) + get(x, i) * factor);
    }

    @Override
    public void scaledDifference(MemorySegment x, MemorySegment y, float factor, MemorySegment to, int count) {
        for (int i = 0; i < count; i++) put(to, i, (get(x, i) - get(y, i)) * factor);
    }

    @Override
    public void addScaledDifference(MemorySegment x, MemorySegment y, float factor, MemorySegment to, int count) {
        for (int i = 0; i < count; i++) put(to, i, get(to, i) + (get(x, i) - get(y, i)) * factor);
    }

    @Override
    public void add(MemorySegment x, MemorySegment y, MemorySegment to, int count) {
        for (int i = 0; i < count; i++) put(to, i, get(x, i) + get(y, i));
    }

    @Override
    public void subtract(MemorySegment x, MemorySegment y, MemorySegment to, int count) {
        for (int i = 0; i < count; i++) put(to, i, get(x, i) - get(y, i));
    }

    @Override
    public void blend(MemorySegment x, MemorySegment y, double share, MemorySegment to, int count) {
        double rest = 1 - share;
        for (int i = 0; i < count; i++) put(to, i, (float) (get(x, i) * share + get(y, i) * rest));
    }

    @Override
    public void products(MemorySegment x, MemorySegment y, double[] lanes, int count) {
        for (int i = 0; i < count; i++) {
            double a = get(x, i), b = get(y, i);
            int lane = i % LANES;
            lanes[lane] += a * a;
            lanes[LANES + lane] += b * b;
            lanes[2 * LANES + lane] += a * b;
        }
    }

    private static float get(MemorySegment s, int i) { return s.get(FLOAT, 4L * i); }

    private static void put(MemorySegment s, int i, float value) { s.set(FLOAT, 4L * i, value); }
}
