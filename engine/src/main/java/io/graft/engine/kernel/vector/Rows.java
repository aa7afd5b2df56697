package io.graft.engine.kernel.vector;

import static io.graft.engine.kernel.Kernels.LANES;
import static io.graft.engine.kernel.vector.Memory.L;
import static io.graft.engine.kernel.vector.Memory.SPECIES;
import static io.graft.engine.kernel.vector.Memory.get;
import static io.graft.engine.kernel.vector.Memory.load;
import static io.graft.engine.kernel.vector.Memory.loadWeight;
import static io.graft.engine.kernel.vector.Memory.put;
import static io.graft.engine.kernel.vector.Memory.store;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Rows of F32: norms, exponentials, sums. A sum goes through the row once per vector of lanes, each a chain of its own, which
 * the processor overlaps: one source for every width. What is left behind the last whole vector is added last, as in its lane it is.
 */
final class Rows {

    /** The lanes of a sum, one array a thread: decoding must leave no garbage. */
    private static final ThreadLocal<float[]> SUMS = ThreadLocal.withInitial(() -> new float[LANES]);

    private Rows() {}

    /** Σ (x - shift)^2. */
    private static float squares(MemorySegment xm, long x, float shift, int n) {
        float[] lanes = SUMS.get();
        int whole = n / L * L;
        for (int lane = 0; lane < LANES; lane += L) {
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int i = lane; i < whole; i += LANES) {
                FloatVector v = load(xm, x + 4L * i).sub(shift);
                sum = v.fma(v, sum);
            }
            sum.intoArray(lanes, lane);
        }
        for (int i = whole; i < n; i++) {
            float v = get(xm, x + 4L * i) - shift;
            lanes[i % LANES] = Math.fma(v, v, lanes[i % LANES]);
        }
        return tree(lanes);
    }

    private static float sum(MemorySegment xm, long x, int n) {
        float[] lanes = SUMS.get();
        int whole = n / L * L;
        for (int lane = 0; lane < LANES; lane += L) {
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int i = lane; i < whole; i += LANES) sum = sum.add(load(xm, x + 4L * i));
            sum.intoArray(lanes, lane);
        }
        for (int i = whole; i < n; i++) lanes[i % LANES] += get(xm, x + 4L * i);
        return tree(lanes);
    }

    /** Σ a b. */
    static float dot(MemorySegment as, long a, MemorySegment bs, long b, int n) {
        MemorySegment am = Memory.of(as), bm = Memory.of(bs);
        float[] lanes = SUMS.get();
        int whole = n / L * L;
        for (int lane = 0; lane < LANES; lane += L) {
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int i = lane; i < whole; i += LANES) sum = load(am, a + 4L * i).fma(load(bm, b + 4L * i), sum);
            sum.intoArray(lanes, lane);
        }
        for (int i = whole; i < n; i++) lanes[i % LANES] = Math.fma(get(am, a + 4L * i), get(bm, b + 4L * i), lanes[i % LANES]);
        return tree(lanes);
    }

    /** Σ (x − mean) dy (gain + offset). */
    static float pull(MemorySegment xs, long x, float mean, MemorySegment dys, long dy, MemorySegment gs, long gain, float offset, int n) {
        MemorySegment xm = Memory.of(xs), dym = Memory.of(dys), gm = Memory.of(gs);
        float[] lanes = SUMS.get();
        int whole = n / L * L;
        for (int lane = 0; lane < LANES; lane += L) {
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int i = lane; i < whole; i += LANES)
                sum = load(xm, x + 4L * i).sub(mean).fma(load(dym, dy + 4L * i).mul(load(gm, gain + 4L * i).add(offset)), sum);
            sum.intoArray(lanes, lane);
        }
        for (int i = whole; i < n; i++)
            lanes[i % LANES] = Math.fma(get(xm, x + 4L * i) - mean, get(dym, dy + 4L * i) * (get(gm, gain + 4L * i) + offset), lanes[i % LANES]);
        return tree(lanes);
    }

    /** Σ r (dy (gain + offset) − (x − mean) pull). */
    static float pulledSum(MemorySegment xs, long x, float mean, float r, float pull, MemorySegment dys, long dy, MemorySegment gs, long gain, float offset, int n) {
        MemorySegment xm = Memory.of(xs), dym = Memory.of(dys), gm = Memory.of(gs);
        float[] lanes = SUMS.get();
        int whole = n / L * L;
        for (int lane = 0; lane < LANES; lane += L) {
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int i = lane; i < whole; i += LANES) {
                FloatVector t = load(dym, dy + 4L * i).mul(load(gm, gain + 4L * i).add(offset));
                sum = sum.add(t.sub(load(xm, x + 4L * i).sub(mean).mul(pull)).mul(r));
            }
            sum.intoArray(lanes, lane);
        }
        for (int i = whole; i < n; i++)
            lanes[i % LANES] += r * (get(dym, dy + 4L * i) * (get(gm, gain + 4L * i) + offset) - (get(xm, x + 4L * i) - mean) * pull);
        return tree(lanes);
    }

    /** Exponentials first and their sum after: of both in one loop C2 boxed the vectors. */
    static float expSum(MemorySegment xs, long x, float shift, MemorySegment ys, long y, int n) {
        VectorMath.exps(xs, x, 1, shift, ys, y, n);
        return sum(Memory.of(ys), y, n);
    }

    private static float tree(float[] lanes) {
        int half = LANES / 2;
        for (; half >= L; half /= 2)
            for (int i = 0; i < half; i += L) FloatVector.fromArray(SPECIES, lanes, i).add(FloatVector.fromArray(SPECIES, lanes, i + half)).intoArray(lanes, i);
        for (; half > 0; half /= 2)
            for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
        return lanes[0];
    }

    static float max(MemorySegment xs, long x, int n) {
        MemorySegment xm = Memory.of(xs);
        float[] lanes = SUMS.get();
        int whole = n / L * L;
        FloatVector most = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < whole; i += L) most = most.max(load(xm, x + 4L * i));
        most.intoArray(lanes, 0);
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < L; i++) max = Math.max(max, lanes[i]);
        for (int i = whole; i < n; i++) max = Math.max(max, get(xm, x + 4L * i));
        return max;
    }

    /** The largest first, without NaN, then where it stands. */
    static int argmax(MemorySegment xs, long x, int n) {
        MemorySegment xm = Memory.of(xs);
        float max = Float.NEGATIVE_INFINITY;
        int best = 0;
        for (int from = 0; from < n; from += 1024) {
            int here = Math.min(1024, n - from);
            float top = max(xs, x + 4L * from, here);
            if (top <= max) continue;
            for (int i = from; i < from + here; i++) {
                if (get(xm, x + 4L * i) > max) {
                    max = get(xm, x + 4L * i);
                    best = i;
                }
            }
        }
        return best;
    }

    static float mean(MemorySegment xs, long x, int n) { return (float) (sum(Memory.of(xs), x, n) / (double) n); }

    static float inverseDeviation(MemorySegment xs, long x, float mean, float eps, int n) { return (float) (1 / Math.sqrt(squares(Memory.of(xs), x, mean, n) / (double) n + eps)); }

    static void rmsNorm(MemorySegment xs, long x, MemorySegment gs, long gain, float offset, float eps, MemorySegment ys, long y, int n) {
        finish(xs, x, 0, inverseDeviation(xs, x, 0, eps, n), gs, gain, offset, ys, y, n);
    }

    static void layerNorm(MemorySegment xs, long x, MemorySegment gs, long gain, float eps, MemorySegment ys, long y, int n) {
        float mean = mean(xs, x, n);
        finish(xs, x, mean, inverseDeviation(xs, x, mean, eps, n), gs, gain, 0, ys, y, n);
    }

    /** y = (x - mean) scale (offset + gain). */
    private static void finish(MemorySegment xs, long x, float mean, float scale, MemorySegment gs, long gain, float offset, MemorySegment ys, long y, int n) {
        MemorySegment xm = Memory.of(xs), gm = Memory.of(gs), ym = Memory.of(ys);
        int i = 0;
        for (; i + L <= n; i += L) {
            store(ym, y + 4L * i, load(xm, x + 4L * i).sub(mean).mul(scale).mul(loadWeight(gm, gain + 4L * i).add(offset)));
        }
        for (; i < n; i++) put(ym, y + 4L * i, (get(xm, x + 4L * i) - mean) * scale * (get(gm, gain + 4L * i) + offset));
    }

    static void rope(MemorySegment xs, long x, int heads, int headDim, MemorySegment cs, long cos, MemorySegment ss, long sin, int half, boolean pairs) {
        MemorySegment xm = Memory.of(xs), cm = Memory.of(cs), sm = Memory.of(ss);
        for (int head = 0; head < heads; head++, x += 4L * headDim) {
            int i = 0;
            if (!pairs) {
                for (; i + L <= half; i += L) {
                    FloatVector a = load(xm, x + 4L * i), b = load(xm, x + 4L * (half + i)), c = load(cm, cos + 4L * i), s = load(sm, sin + 4L * i);
                    store(xm, x + 4L * i, a.fma(c, b.mul(s).neg()));
                    store(xm, x + 4L * (half + i), b.fma(c, a.mul(s)));
                }
            }
            for (; i < half; i++) {
                long one = x + 4L * (pairs ? 2 * i : i), other = one + 4L * (pairs ? 1 : half);
                float a = get(xm, one), b = get(xm, other), c = get(cm, cos + 4L * i), s = get(sm, sin + 4L * i);
                put(xm, one, Math.fma(a, c, -(b * s)));
                put(xm, other, Math.fma(b, c, a * s));
            }
        }
    }
}
