package io.graft.engine.kernel.vector;

import static io.graft.engine.kernel.vector.Memory.L;
import static io.graft.engine.kernel.vector.Memory.SPECIES;
import static io.graft.engine.kernel.vector.Memory.get;
import static io.graft.engine.kernel.vector.Memory.load;
import static io.graft.engine.kernel.vector.Memory.store;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.host.BackwardArithmetic;
import io.graft.engine.kernel.host.Elementary;
import io.graft.engine.kernel.host.Scratch;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The loops of the backward pass by vectors of any width; what is left behind the last whole vector step by step the same. */
final class VectorBackward implements BackwardArithmetic {

    /** Elements of {@link #CHUNK}. */
    private static final int PART = 512;
    /** Between two loops that are one in the scalar twin: C2 boxes the vectors of a loop of many operations (16 bytes an element and 3.5 ns instead of 1.3, AMD EPYC, Zen 3). */
    private static final ThreadLocal<float[]> CHUNK = ThreadLocal.withInitial(() -> new float[PART]);

    @Override
    public void set(MemorySegment xs, long x, float value) { Memory.put(Memory.of(xs), x, value); }

    @Override
    public void clear(MemorySegment xs, long x, long n) {
        MemorySegment xm = Memory.of(xs);
        FloatVector zero = FloatVector.zero(SPECIES);
        long i = 0;
        for (; i + L <= n; i += L) store(xm, x + 4 * i, zero);
        for (; i < n; i++) Memory.put(xm, x + 4 * i, 0);
    }

    @Override
    public void normGradient(boolean centred, MemorySegment xs, long x, MemorySegment gs, long gain, float offset, float eps, MemorySegment dys, long dy, MemorySegment dxs,
            long dx, boolean wanted, MemorySegment ss, long stats, int n) {
        MemorySegment sm = Memory.of(ss);
        float mean = centred ? Rows.mean(xs, x, n) : 0, r = Rows.inverseDeviation(xs, x, mean, eps, n);
        Memory.put(sm, stats, mean);
        Memory.put(sm, stats + 4, r);
        if (!wanted) return;
        float pull = r * r * (Rows.pull(xs, x, mean, dys, dy, gs, gain, offset, n) / n);
        float level = centred ? Rows.pulledSum(xs, x, mean, r, pull, dys, dy, gs, gain, offset, n) / n : 0;
        float[] some = CHUNK.get();
        for (int i = 0; i < n; i += PART) {
            int here = Math.min(PART, n - i);
            long at = 4L * i;
            gained(dys, dy + at, gs, gain + at, offset, some, here);
            pulled(xs, x + at, mean, pull, r, level, some, dxs, dx + at, here);
        }
    }

    /** t = dy (gain + offset). */
    private static void gained(MemorySegment dys, long dy, MemorySegment gs, long gain, float offset, float[] t, int n) {
        MemorySegment gm = Memory.of(gs), dym = Memory.of(dys);
        FloatVector plus = FloatVector.broadcast(SPECIES, offset);
        int i = 0;
        for (; i + L <= n; i += L) load(dym, dy + 4L * i).mul(load(gm, gain + 4L * i).add(plus)).intoArray(t, i);
        for (; i < n; i++) t[i] = get(dym, dy + 4L * i) * (get(gm, gain + 4L * i) + offset);
    }

    /** dx += r (t − (x − mean) pull) − level. */
    private static void pulled(MemorySegment xs, long x, float mean, float pull, float r, float level, float[] t, MemorySegment dxs, long dx, int n) {
        MemorySegment xm = Memory.of(xs), dxm = Memory.of(dxs);
        FloatVector means = FloatVector.broadcast(SPECIES, mean), pulls = FloatVector.broadcast(SPECIES, pull), rs = FloatVector.broadcast(SPECIES, r), levels = FloatVector.broadcast(SPECIES, level);
        int i = 0;
        for (; i + L <= n; i += L) {
            FloatVector dc = FloatVector.fromArray(SPECIES, t, i).sub(load(xm, x + 4L * i).sub(means).mul(pulls)).mul(rs);
            store(dxm, dx + 4L * i, load(dxm, dx + 4L * i).add(dc.sub(levels)));
        }
        for (; i < n; i++) Memory.put(dxm, dx + 4L * i, get(dxm, dx + 4L * i) + (r * (t[i] - (get(xm, x + 4L * i) - mean) * pull) - level));
    }

    @Override
    public void gainGradient(MemorySegment xs, long x, MemorySegment dys, long dy, float mean, float r, MemorySegment ss, long sums, int n) {
        MemorySegment xm = Memory.of(xs), dym = Memory.of(dys), sm = Memory.of(ss);
        int i = 0;
        for (; i + L <= n; i += L)
            store(sm, sums + 4L * i, load(dym, dy + 4L * i).fma(load(xm, x + 4L * i).sub(mean).mul(r), load(sm, sums + 4L * i)));
        for (; i < n; i++) Memory.put(sm, sums + 4L * i, Math.fma(get(dym, dy + 4L * i), (get(xm, x + 4L * i) - mean) * r, get(sm, sums + 4L * i)));
    }

    @Override
    public void gateGradient(Activation activation, MemorySegment gs, long g, MemorySegment us, long u, MemorySegment dys, long dy, MemorySegment dgs, long dg,
            MemorySegment dus, long du, int n) {
        float[] whole = CHUNK.get();
        for (int i = 0; i < n; i += PART) {
            int here = Math.min(PART, n - i);
            long at = 4L * i;
            if (activation == Activation.SILU) {
                silu(gs, g + at, whole, here);
                siluGradient(gs, g + at, us, u + at, dys, dy + at, dgs, dg + at, dus, du + at, whole, here);
            } else {
                gelu(gs, g + at, whole, here);
                geluGradient(gs, g + at, us, u + at, dys, dy + at, dgs, dg + at, dus, du + at, whole, here);
            }
        }
    }

    /** whole = 1 + exp(−x). */
    private static void silu(MemorySegment xs, long x, float[] whole, int n) {
        MemorySegment xm = Memory.of(xs);
        int i = 0;
        for (; i + L <= n; i += L) VectorMath.exp(load(xm, x + 4L * i).neg()).add(1).intoArray(whole, i);
        for (; i < n; i++) whole[i] = 1 + Elementary.exp(-get(xm, x + 4L * i));
    }

    /** whole = 1 + exp of GELU's exponent. */
    private static void gelu(MemorySegment xs, long x, float[] whole, int n) {
        MemorySegment xm = Memory.of(xs);
        FloatVector cubic = FloatVector.broadcast(SPECIES, Elementary.GELU_CUBIC), linear = FloatVector.broadcast(SPECIES, Elementary.GELU_LINEAR);
        int i = 0;
        for (; i + L <= n; i += L) {
            FloatVector v = load(xm, x + 4L * i);
            VectorMath.exp(v.mul(v.mul(v).fma(cubic, linear))).add(1).intoArray(whole, i);
        }
        for (; i < n; i++) {
            float v = get(xm, x + 4L * i);
            whole[i] = 1 + Elementary.exp(v * Math.fma(v * v, Elementary.GELU_CUBIC, Elementary.GELU_LINEAR));
        }
    }

    private static void siluGradient(MemorySegment gs, long g, MemorySegment us, long u, MemorySegment dys, long dy, MemorySegment dgs, long dg, MemorySegment dus, long du,
            float[] whole, int n) {
        MemorySegment gm = Memory.of(gs), um = Memory.of(us), dym = Memory.of(dys), dgm = Memory.of(dgs), dum = Memory.of(dus);
        FloatVector one = FloatVector.broadcast(SPECIES, 1);
        int i = 0;
        for (; i + L <= n; i += L) {
            FloatVector d = load(dym, dy + 4L * i), up = load(um, u + 4L * i), all = FloatVector.fromArray(SPECIES, whole, i), sigma = one.div(all), value = load(gm, g + 4L * i).div(all);
            store(dgm, dg + 4L * i, d.mul(up).mul(sigma.add(value.mul(one.sub(sigma)))));
            store(dum, du + 4L * i, d.mul(value));
        }
        for (; i < n; i++) {
            float d = get(dym, dy + 4L * i), up = get(um, u + 4L * i), sigma = 1 / whole[i], value = get(gm, g + 4L * i) / whole[i];
            Memory.put(dgm, dg + 4L * i, d * up * (sigma + value * (1 - sigma)));
            Memory.put(dum, du + 4L * i, d * value);
        }
    }

    private static void geluGradient(MemorySegment gs, long g, MemorySegment us, long u, MemorySegment dys, long dy, MemorySegment dgs, long dg, MemorySegment dus, long du,
            float[] whole, int n) {
        MemorySegment gm = Memory.of(gs), um = Memory.of(us), dym = Memory.of(dys), dgm = Memory.of(dgs), dum = Memory.of(dus);
        FloatVector one = FloatVector.broadcast(SPECIES, 1), triple = FloatVector.broadcast(SPECIES, 3 * Elementary.GELU_CUBIC), linear = FloatVector.broadcast(SPECIES, Elementary.GELU_LINEAR);
        int i = 0;
        for (; i + L <= n; i += L) {
            FloatVector x = load(gm, g + 4L * i), d = load(dym, dy + 4L * i), up = load(um, u + 4L * i), all = FloatVector.fromArray(SPECIES, whole, i), sigma = one.div(all), value = x.div(all);
            store(dgm, dg + 4L * i, d.mul(up).mul(value.mul(one.sub(sigma)).fma(x.mul(x).fma(triple, linear).neg(), sigma)));
            store(dum, du + 4L * i, d.mul(value));
        }
        for (; i < n; i++) {
            float x = get(gm, g + 4L * i), d = get(dym, dy + 4L * i), up = get(um, u + 4L * i), sigma = 1 / whole[i], value = x / whole[i];
            float slope = Math.fma(value * (1 - sigma), -Math.fma(x * x, 3 * Elementary.GELU_CUBIC, Elementary.GELU_LINEAR), sigma);
            Memory.put(dgm, dg + 4L * i, d * up * slope);
            Memory.put(dum, du + 4L * i, d * value);
        }
    }

    @Override
    public void logitGradient(MemorySegment as, long a, float scale, float cap, float shift, float factor, int n) {
        MemorySegment am = Memory.of(as);
        int i = 0;
        if (cap == 0) {
            VectorMath.exps(as, a, scale, shift, as, a, n);
            VectorArithmetic.times(as, a, factor, as, a, n);
            return;
        }
        FloatVector one = FloatVector.broadcast(SPECIES, 1);
        for (; i + L <= n; i += L) {
            FloatVector ratio = VectorMath.tanh(load(am, a + 4L * i).mul(scale).div(cap));
            store(am, a + 4L * i, VectorMath.exp(ratio.mul(cap).sub(shift)).mul(factor).mul(one.sub(ratio.mul(ratio))));
        }
        for (; i < n; i++) {
            float ratio = Elementary.tanh(scale * get(am, a + 4L * i) / cap);
            Memory.put(am, a + 4L * i, Elementary.exp(cap * ratio - shift) * factor * (1 - ratio * ratio));
        }
    }

    @Override
    public void adamW(MemorySegment ps, long p, MemorySegment gs, long g, MemorySegment ms, long m, MemorySegment vs, long v, AdamWNumbers by, int n) {
        MemorySegment pm = Memory.of(ps), gm = Memory.of(gs), mm = Memory.of(ms), vm = Memory.of(vs);
        float factor = by.factor(), b1 = by.b1(), rest1 = by.rest1(), b2 = by.b2(), rest2 = by.rest2(), keep = by.keep(), rate = by.rate(), root = by.root(), eps = by.eps();
        int i = 0;
        for (; i + L <= n; i += L) {
            FloatVector d = load(gm, g + 4L * i).mul(factor);
            FloatVector mean = load(mm, m + 4L * i).mul(b1).add(d.mul(rest1)), square = load(vm, v + 4L * i).mul(b2).add(d.mul(rest2).mul(d));
            store(mm, m + 4L * i, mean);
            store(vm, v + 4L * i, square);
            store(pm, p + 4L * i, load(pm, p + 4L * i).mul(keep).sub(mean.mul(rate).div(square.lanewise(VectorOperators.SQRT).div(root).add(eps))));
        }
        for (; i < n; i++) {
            float d = get(gm, g + 4L * i) * factor, mean = b1 * get(mm, m + 4L * i) + rest1 * d, square = b2 * get(vm, v + 4L * i) + rest2 * d * d;
            Memory.put(mm, m + 4L * i, mean);
            Memory.put(vm, v + 4L * i, square);
            Memory.put(pm, p + 4L * i, get(pm, p + 4L * i) * keep - rate * mean / ((float) Math.sqrt(square) / root + eps));
        }
    }

    /** The lanes of a double sum, one array a thread. */
    private static final ThreadLocal<double[]> LANES = ThreadLocal.withInitial(() -> new double[DOUBLES]);

    @Override
    public double squares(MemorySegment xs, long x, int n) {
        MemorySegment xm = Memory.of(xs);
        double[] lanes = LANES.get();
        int step = Memory.DOUBLES.length(), whole = n / DOUBLES * DOUBLES;
        for (int lane = 0; lane < DOUBLES; lane += 2 * step) { // two chains at a time: one waits for its own sum
            DoubleVector sum = DoubleVector.zero(Memory.DOUBLES), other = sum;
            for (int i = lane; i < whole; i += DOUBLES) {
                DoubleVector d = (DoubleVector) Memory.loadFew(xm, x + 4L * i).convertShape(VectorOperators.F2D, Memory.DOUBLES, 0);
                DoubleVector e = (DoubleVector) Memory.loadFew(xm, x + 4L * (i + step)).convertShape(VectorOperators.F2D, Memory.DOUBLES, 0);
                sum = sum.add(d.mul(d));
                other = other.add(e.mul(e));
            }
            sum.intoArray(lanes, lane);
            other.intoArray(lanes, lane + step);
        }
        for (int i = whole; i < n; i++) lanes[i % DOUBLES] += (double) get(xm, x + 4L * i) * get(xm, x + 4L * i);
        for (int half = DOUBLES / 2; half > 0; half /= 2)
            for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
        return lanes[0];
    }

    @Override
    public void attention(AttentionSpec spec, int kvHead, AttentionRows rows, int queries, int keys, Scratch scratch) {
        VectorAttentionBackward.run(spec, kvHead, rows, queries, keys, scratch);
    }
}
