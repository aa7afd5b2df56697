package io.graft.engine.kernel.vector;

import static io.graft.engine.kernel.Kernels.LANES;
import static io.graft.engine.kernel.vector.Memory.L;
import static io.graft.engine.kernel.vector.Memory.W;
import static io.graft.engine.kernel.vector.Memory.get;
import static io.graft.engine.kernel.vector.Memory.load;
import static io.graft.engine.kernel.vector.Memory.loadInts;
import static io.graft.engine.kernel.vector.Memory.loadWeight;
import static io.graft.engine.kernel.vector.Memory.put;
import static io.graft.engine.kernel.vector.Memory.store;

import io.graft.engine.kernel.host.Widen;
import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Dot products of a weight's row with an activation in 64 logical lanes. A pass keeps eight accumulators, all 64 lanes at 256
 * bits, half of them at 128; at 512 bits four are all. The weights of a row come from memory in the first pass only.
 *
 * <p>All of {@code w} may be mapped: it is read by {@link Memory#loadWeight} and its like only.
 */
final class Dots {

    private static final int LOW = 0xffff0000;

    private Dots() {}

    /** x (rows, padded k) as {@link #dot} reads it: zeros up to whole blocks of lanes; for 16-bit weights even elements first in each. */
    static void spread(boolean split, MemorySegment xs, long x, int rows, int k, MemorySegment ts, long to) {
        MemorySegment xm = Memory.of(xs), tm = Memory.of(ts);
        int padded = padded(k);
        for (int row = 0; row < rows; row++, x += 4L * k, to += 4L * padded) {
            for (int block = 0; block < padded; block += LANES) {
                if (split && block + LANES <= k) {
                    for (int i = 0; i < LANES / 2; i++) {
                        put(tm, to + 4L * (block + i), get(xm, x + 4L * (block + 2 * i)));
                        put(tm, to + 4L * (block + LANES / 2 + i), get(xm, x + 4L * (block + 2 * i + 1)));
                    }
                } else {
                    for (int i = 0; i < LANES; i++) {
                        int from = block + (!split ? i : i < LANES / 2 ? 2 * i : 2 * i - LANES + 1);
                        put(tm, to + 4L * (block + i), from < k ? get(xm, x + 4L * from) : 0);
                    }
                }
            }
        }
    }

    static int padded(int k) { return (k + LANES - 1) / LANES * LANES; }

    /** w . x over whole blocks of lanes; t is scratch of LANES floats. */
    static float dot(DType type, MemorySegment ws, long w, MemorySegment xs, long x, int k, MemorySegment ts, long t) {
        MemorySegment tm = Memory.of(ts);
        if (type == DType.F32) {
            if (L == 8) return singles256(ws, w, xs, x, k, ts, t);
            for (int lane = 0; lane < LANES; lane += 4 * L) singles(ws, w + 4L * lane, xs, x + 4L * lane, k, ts, t + 4L * lane);
        } else if (type == DType.BF16) {
            if (L == 8) return brains256(ws, w, xs, x, k, ts, t);
            for (int lane = 0; lane < LANES / 2; lane += 2 * L) brains(ws, w + 4L * lane, xs, x + 4L * lane, k, ts, t + 4L * lane);
        } else {
            for (int lane = 0; lane < LANES / 2; lane += L) halves(ws, w + 4L * lane, xs, x + 4L * lane, k, ts, t + 4L * lane);
        }
        return tree(tm, t, LANES);
    }

    private static float singles256(MemorySegment ws, long w, MemorySegment xs, long x, int k, MemorySegment ts, long t) {
        MemorySegment wm = Memory.of(ws), xm = Memory.of(xs), tm = Memory.of(ts);
        FloatVector zero = FloatVector.zero(Memory.SPECIES), c0 = zero, c1 = zero, c2 = zero, c3 = zero, c4 = zero, c5 = zero, c6 = zero, c7 = zero;
        for (int i = 0; i < k; i += LANES) {
            c0 = loadWeight(wm, w).fma(load(xm, x), c0);
            c1 = loadWeight(wm, w + W).fma(load(xm, x + W), c1);
            c2 = loadWeight(wm, w + 2 * W).fma(load(xm, x + 2 * W), c2);
            c3 = loadWeight(wm, w + 3 * W).fma(load(xm, x + 3 * W), c3);
            c4 = loadWeight(wm, w + 4 * W).fma(load(xm, x + 4 * W), c4);
            c5 = loadWeight(wm, w + 5 * W).fma(load(xm, x + 5 * W), c5);
            c6 = loadWeight(wm, w + 6 * W).fma(load(xm, x + 6 * W), c6);
            c7 = loadWeight(wm, w + 7 * W).fma(load(xm, x + 7 * W), c7);
            w += 4 * LANES;
            x += 4 * LANES;
        }
        store(tm, t, c0.add(c4).add(c2.add(c6)).add(c1.add(c5).add(c3.add(c7))));
        return tree8(tm, t);
    }

    private static float brains256(MemorySegment ws, long w, MemorySegment xs, long x, int k, MemorySegment ts, long t) {
        MemorySegment wm = Memory.of(ws), xm = Memory.of(xs), tm = Memory.of(ts);
        FloatVector zero = FloatVector.zero(Memory.SPECIES), e0 = zero, e1 = zero, e2 = zero, e3 = zero, o0 = zero, o1 = zero, o2 = zero, o3 = zero;
        for (int i = 0; i < k; i += LANES) {
            IntVector p = loadInts(wm, w), q = loadInts(wm, w + W), r = loadInts(wm, w + 2 * W), s = loadInts(wm, w + 3 * W);
            e0 = p.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(load(xm, x), e0);
            o0 = p.and(LOW).reinterpretAsFloats().fma(load(xm, x + 4 * W), o0);
            e1 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(load(xm, x + W), e1);
            o1 = q.and(LOW).reinterpretAsFloats().fma(load(xm, x + 5 * W), o1);
            e2 = r.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(load(xm, x + 2 * W), e2);
            o2 = r.and(LOW).reinterpretAsFloats().fma(load(xm, x + 6 * W), o2);
            e3 = s.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(load(xm, x + 3 * W), e3);
            o3 = s.and(LOW).reinterpretAsFloats().fma(load(xm, x + 7 * W), o3);
            w += 2 * LANES;
            x += 4 * LANES;
        }
        store(tm, t, e0.add(o0).add(e2.add(o2)).add(e1.add(o1).add(e3.add(o3))));
        return tree8(tm, t);
    }

    /** Four vectors of lanes. */
    private static void singles(MemorySegment ws, long w, MemorySegment xs, long x, int k, MemorySegment ts, long t) {
        MemorySegment wm = Memory.of(ws), xm = Memory.of(xs), tm = Memory.of(ts);
        FloatVector zero = FloatVector.zero(Memory.SPECIES), c0 = zero, c1 = zero, c2 = zero, c3 = zero;
        for (int i = 0; i < k; i += LANES) {
            c0 = loadWeight(wm, w).fma(load(xm, x), c0);
            c1 = loadWeight(wm, w + W).fma(load(xm, x + W), c1);
            c2 = loadWeight(wm, w + 2 * W).fma(load(xm, x + 2 * W), c2);
            c3 = loadWeight(wm, w + 3 * W).fma(load(xm, x + 3 * W), c3);
            w += 4 * LANES;
            x += 4 * LANES;
        }
        store(tm, t, c0);
        store(tm, t + W, c1);
        store(tm, t + 2 * W, c2);
        store(tm, t + 3 * W, c3);
    }

    /** Two vectors of even lanes and the two of odd ones that belong to them. */
    private static void brains(MemorySegment ws, long w, MemorySegment xs, long x, int k, MemorySegment ts, long t) {
        MemorySegment wm = Memory.of(ws), xm = Memory.of(xs), tm = Memory.of(ts);
        FloatVector zero = FloatVector.zero(Memory.SPECIES), e0 = zero, e1 = zero, o0 = zero, o1 = zero;
        for (int i = 0; i < k; i += LANES) {
            IntVector p = loadInts(wm, w), q = loadInts(wm, w + W);
            e0 = p.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(load(xm, x), e0);
            o0 = p.and(LOW).reinterpretAsFloats().fma(load(xm, x + 2 * LANES), o0);
            e1 = q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(load(xm, x + W), e1);
            o1 = q.and(LOW).reinterpretAsFloats().fma(load(xm, x + 2 * LANES + W), o1);
            w += 2 * LANES;
            x += 4 * LANES;
        }
        store(tm, t, e0);
        store(tm, t + W, e1);
        store(tm, t + 2 * LANES, o0);
        store(tm, t + 2 * LANES + W, o1);
    }

    /**
     * A vector of even lanes of halves and the one of odd ones. Sign and magnitude are shifted to where a float has them: times 2^112 that is the
     * number, subnormals too; the exponent of infinity and NaN is set. One vector a pass: with two, four numbers widened in a loop, it ran at
     * 2.3 GB/s, with one at 7.7; F32 beside them at 12.7 and 12.4 (AMD EPYC, Zen 3, 256 bits, a busy machine).
     */
    private static void halves(MemorySegment ws, long w, MemorySegment xs, long x, int k, MemorySegment ts, long t) {
        MemorySegment wm = Memory.of(ws), xm = Memory.of(xs), tm = Memory.of(ts);
        FloatVector zero = FloatVector.zero(Memory.SPECIES), even = zero, odd = zero, unit = FloatVector.broadcast(Memory.SPECIES, 0x1p112f);
        IntVector signed = IntVector.broadcast(Memory.INTS, 0x8fffe000), magnitude = IntVector.broadcast(Memory.INTS, 0x0fffffff);
        IntVector largest = IntVector.broadcast(Memory.INTS, 0x0f7fffff), infinite = IntVector.broadcast(Memory.INTS, 0x7f800000);
        for (int i = 0; i < k; i += LANES) {
            IntVector both = loadInts(wm, w);
            IntVector a = both.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(signed), b = both.lanewise(VectorOperators.ASHR, 3).and(signed);
            IntVector c = largest.sub(a.and(magnitude)).lanewise(VectorOperators.ASHR, 31).and(infinite), d = largest.sub(b.and(magnitude)).lanewise(VectorOperators.ASHR, 31).and(infinite);
            even = a.reinterpretAsFloats().mul(unit).reinterpretAsInts().or(c).reinterpretAsFloats().fma(load(xm, x), even);
            odd = b.reinterpretAsFloats().mul(unit).reinterpretAsInts().or(d).reinterpretAsFloats().fma(load(xm, x + 2 * LANES), odd);
            w += 2 * LANES;
            x += 4 * LANES;
        }
        store(tm, t, even);
        store(tm, t + 2 * LANES, odd);
    }

    /** Lanes in memory added pairwise, halves first. */
    private static float tree(MemorySegment tm, long t, int lanes) {
        int half = lanes / 2;
        for (; half >= L; half /= 2)
            for (int i = 0; i < half; i += L) store(tm, t + 4L * i, load(tm, t + 4L * i).add(load(tm, t + 4L * (i + half))));
        for (; half > 0; half /= 2)
            for (int i = 0; i < half; i++) put(tm, t + 4L * i, get(tm, t + 4L * i) + get(tm, t + 4L * (i + half)));
        return get(tm, t);
    }

    /** The same of the last eight. */
    private static float tree8(MemorySegment tm, long t) {
        float a = get(tm, t) + get(tm, t + 16), b = get(tm, t + 4) + get(tm, t + 20), c = get(tm, t + 8) + get(tm, t + 24), d = get(tm, t + 12) + get(tm, t + 28);
        return (a + c) + (b + d);
    }
}
