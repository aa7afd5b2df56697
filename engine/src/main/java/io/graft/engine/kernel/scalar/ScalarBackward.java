package io.graft.engine.kernel.scalar;

import static io.graft.engine.kernel.Kernels.LANES;
import static io.graft.engine.kernel.scalar.ScalarArithmetic.get;
import static io.graft.engine.kernel.scalar.ScalarArithmetic.put;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.host.BackwardArithmetic;
import io.graft.engine.kernel.host.Elementary;
import io.graft.engine.kernel.host.Scratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The plain loops of the backward pass: what the vector kernels must equal to the bit. */
final class ScalarBackward implements BackwardArithmetic {

    @Override
    public void set(MemorySegment xs, long x, float value) { xs.set(ValueLayout.JAVA_FLOAT_UNALIGNED, x, value); }

    @Override
    public void clear(MemorySegment xs, long x, long n) { xs.asSlice(x, 4 * n).fill((byte) 0); }

    @Override
    public void normGradient(boolean centred, MemorySegment xs, long x, MemorySegment gs, long gain, float offset, float eps, MemorySegment dys, long dy, MemorySegment dxs,
            long dx, boolean wanted, MemorySegment ss, long stats, int n) {
        float mean = 0;
        if (centred) {
            float[] lanes = new float[LANES];
            for (int i = 0; i < n; i++) lanes[i % LANES] += get(xs, x, i);
            mean = (float) (ScalarArithmetic.tree(lanes) / (double) n);
        }
        float[] squares = new float[LANES], products = new float[LANES], sums = new float[LANES];
        for (int i = 0; i < n; i++) {
            float c = get(xs, x, i) - mean;
            squares[i % LANES] = Math.fma(c, c, squares[i % LANES]);
        }
        float r = (float) (1 / Math.sqrt(ScalarArithmetic.tree(squares) / (double) n + eps));
        put(ss, stats, 0, mean);
        put(ss, stats, 1, r);
        if (!wanted) return;
        for (int i = 0; i < n; i++) products[i % LANES] = Math.fma(get(xs, x, i) - mean, get(dys, dy, i) * (get(gs, gain, i) + offset), products[i % LANES]);
        float pull = r * r * (ScalarArithmetic.tree(products) / n);
        float[] dc = new float[n];
        for (int i = 0; i < n; i++) {
            dc[i] = r * (get(dys, dy, i) * (get(gs, gain, i) + offset) - (get(xs, x, i) - mean) * pull);
            sums[i % LANES] += dc[i];
        }
        float level = centred ? ScalarArithmetic.tree(sums) / n : 0;
        for (int i = 0; i < n; i++) put(dxs, dx, i, get(dxs, dx, i) + (dc[i] - level));
    }

    @Override
    public void gainGradient(MemorySegment xs, long x, MemorySegment dys, long dy, float mean, float r, MemorySegment ss, long sums, int n) {
        for (int i = 0; i < n; i++) put(ss, sums, i, Math.fma(get(dys, dy, i), (get(xs, x, i) - mean) * r, get(ss, sums, i)));
    }

    @Override
    public void gateGradient(Activation activation, MemorySegment gs, long g, MemorySegment us, long u, MemorySegment dys, long dy, MemorySegment dgs, long dg,
            MemorySegment dus, long du, int n) {
        for (int i = 0; i < n; i++) {
            float x = get(gs, g, i), up = get(us, u, i), d = get(dys, dy, i);
            put(dgs, dg, i, d * up * slope(activation, x));
            put(dus, du, i, d * value(activation, x));
        }
    }

    private static float exponent(Activation activation, float x) {
        return activation == Activation.SILU ? -x : x * Math.fma(x * x, Elementary.GELU_CUBIC, Elementary.GELU_LINEAR);
    }

    private static float value(Activation activation, float x) { return x / (1 + Elementary.exp(exponent(activation, x))); }

    private static float slope(Activation activation, float x) {
        float sigma = 1 / (1 + Elementary.exp(exponent(activation, x))), rest = value(activation, x) * (1 - sigma);
        return activation == Activation.SILU ? sigma + rest : Math.fma(rest, -Math.fma(x * x, 3 * Elementary.GELU_CUBIC, Elementary.GELU_LINEAR), sigma);
    }

    @Override
    public void logitGradient(MemorySegment as, long a, float scale, float cap, float shift, float factor, int n) {
        for (int i = 0; i < n; i++) {
            float z = scale * get(as, a, i);
            if (cap == 0) put(as, a, i, Elementary.exp(z - shift) * factor);
            else {
                float ratio = Elementary.tanh(z / cap);
                put(as, a, i, Elementary.exp(cap * ratio - shift) * factor * (1 - ratio * ratio));
            }
        }
    }

    @Override
    public void adamW(MemorySegment ps, long p, MemorySegment gs, long g, MemorySegment ms, long m, MemorySegment vs, long v, AdamWNumbers by, int n) {
        for (int i = 0; i < n; i++) {
            float d = get(gs, g, i) * by.factor(), mean = by.b1() * get(ms, m, i) + by.rest1() * d, square = by.b2() * get(vs, v, i) + by.rest2() * d * d;
            put(ms, m, i, mean);
            put(vs, v, i, square);
            put(ps, p, i, get(ps, p, i) * by.keep() - by.rate() * mean / ((float) Math.sqrt(square) / by.root() + by.eps()));
        }
    }

    @Override
    public double squares(MemorySegment xs, long x, int n) {
        double[] lanes = new double[DOUBLES];
        for (int i = 0; i < n; i++) lanes[i % DOUBLES] += (double) get(xs, x, i) * get(xs, x, i);
        for (int half = DOUBLES / 2; half > 0; half /= 2)
            for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
        return lanes[0];
    }

    @Override
    public void attention(AttentionSpec spec, int kvHead, AttentionRows rows, int queries, int keys, Scratch scratch) {
        new ScalarAttentionBackward(spec, kvHead, rows, queries, keys).run();
    }
}
