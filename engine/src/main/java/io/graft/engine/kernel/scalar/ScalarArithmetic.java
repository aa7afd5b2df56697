package io.graft.engine.kernel.scalar;

import static io.graft.engine.kernel.Kernels.BLOCK;
import static io.graft.engine.kernel.Kernels.LANES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.host.Arithmetic;
import io.graft.engine.kernel.host.BackwardArithmetic;
import io.graft.engine.kernel.host.Elementary;
import io.graft.engine.kernel.host.Scratch;
import io.graft.engine.kernel.host.Widen;
import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The plain loops: what every vector kernel must equal to the bit.
 *
 * <p>Aim: clarity, and enough speed to be of use where the Vector API is missing: the inner loops of products run over heap
 * arrays, which C2 vectorises by itself without changing a bit.
 */
public final class ScalarArithmetic implements Arithmetic {

    private static final int COLUMNS = 64;

    @Override
    public boolean raw() { return false; }

    @Override
    public float get(MemorySegment xs, long x) { return xs.get(JAVA_FLOAT_UNALIGNED, x); }

    static float get(MemorySegment s, long at, int i) { return s.get(JAVA_FLOAT_UNALIGNED, at + 4L * i); }

    static void put(MemorySegment s, long at, int i, float value) { s.set(JAVA_FLOAT_UNALIGNED, at + 4L * i, value); }

    @Override
    public void widen(DType type, MemorySegment xs, long x, float scale, MemorySegment ys, long y, int n) {
        for (int i = 0; i < n; i++) put(ys, y, i, scale * Widen.element(type, xs, x, i));
    }

    @Override
    public void add(MemorySegment as, long a, MemorySegment bs, long b, float scale, MemorySegment ys, long y, int n) {
        for (int i = 0; i < n; i++) put(ys, y, i, Math.fma(scale, get(bs, b, i), get(as, a, i)));
    }

    @Override
    public void scale(MemorySegment xs, long x, float scale, float cap, MemorySegment ys, long y, int n) {
        for (int i = 0; i < n; i++) put(ys, y, i, capped(scale * get(xs, x, i), cap));
    }

    private static float capped(float value, float cap) { return cap == 0 ? value : cap * Elementary.tanh(value / cap); }

    @Override
    public void gate(Activation activation, MemorySegment gs, long g, MemorySegment us, long u, MemorySegment ys, long y, int n) {
        for (int i = 0; i < n; i++) {
            float v = get(gs, g, i);
            float exponent = switch (activation) {
                case SILU -> -v;
                case GELU_TANH -> v * Math.fma(v * v, Elementary.GELU_CUBIC, Elementary.GELU_LINEAR);
            };
            put(ys, y, i, v / (1 + Elementary.exp(exponent)) * get(us, u, i));
        }
    }

    @Override
    public void rmsNorm(MemorySegment xs, long x, MemorySegment gs, long gain, float offset, float eps, MemorySegment ys, long y, int n) {
        float[] lanes = new float[LANES];
        for (int i = 0; i < n; i++) lanes[i % LANES] = Math.fma(get(xs, x, i), get(xs, x, i), lanes[i % LANES]);
        float scale = (float) (1 / Math.sqrt(tree(lanes) / (double) n + eps));
        for (int i = 0; i < n; i++) put(ys, y, i, get(xs, x, i) * scale * (offset + get(gs, gain, i)));
    }

    @Override
    public void layerNorm(MemorySegment xs, long x, MemorySegment gs, long gain, float eps, MemorySegment ys, long y, int n) {
        float[] lanes = new float[LANES];
        for (int i = 0; i < n; i++) lanes[i % LANES] += get(xs, x, i);
        float mean = (float) (tree(lanes) / (double) n);
        lanes = new float[LANES];
        for (int i = 0; i < n; i++) {
            float v = get(xs, x, i) - mean;
            lanes[i % LANES] = Math.fma(v, v, lanes[i % LANES]);
        }
        float scale = (float) (1 / Math.sqrt(tree(lanes) / (double) n + eps));
        for (int i = 0; i < n; i++) put(ys, y, i, (get(xs, x, i) - mean) * scale * get(gs, gain, i));
    }

    @Override
    public void rope(MemorySegment xs, long x, int heads, int headDim, MemorySegment cs, long cos, MemorySegment ss, long sin, int half, boolean pairs) {
        for (int head = 0; head < heads; head++) {
            for (int i = 0; i < half; i++) {
                int one = head * headDim + (pairs ? 2 * i : i), other = one + (pairs ? 1 : half);
                float a = get(xs, x, one), b = get(xs, x, other), c = get(cs, cos, i), s = get(ss, sin, i);
                put(xs, x, one, Math.fma(a, c, -(b * s)));
                put(xs, x, other, Math.fma(b, c, a * s));
            }
        }
    }

    @Override
    public float max(MemorySegment xs, long x, int n) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) max = Math.max(max, get(xs, x, i));
        return max;
    }

    @Override
    public float expSum(MemorySegment xs, long x, float shift, MemorySegment ys, long y, int n) {
        float[] lanes = new float[LANES];
        for (int i = 0; i < n; i++) {
            float e = Elementary.exp(get(xs, x, i) - shift);
            put(ys, y, i, e);
            lanes[i % LANES] += e;
        }
        return tree(lanes);
    }

    @Override
    public int argmax(MemorySegment xs, long x, int n) {
        float max = Float.NEGATIVE_INFINITY;
        int best = 0;
        for (int i = 0; i < n; i++) {
            if (get(xs, x, i) > max) {
                max = get(xs, x, i);
                best = i;
            }
        }
        return best;
    }

    /** The lanes added pairwise, halves first. */
    static float tree(float[] lanes) {
        for (int half = LANES / 2; half > 0; half /= 2)
            for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
        return lanes[0];
    }

    @Override
    public long spreadBytes(DType weights, int rows, int k) { return 0; }

    @Override
    public void spread(DType weights, MemorySegment xs, long x, int rows, int k, MemorySegment ts, long to) {}

    @Override
    public void lanes(MemorySegment xs, long x, int rows, int k, DType type, MemorySegment ws, long w, MemorySegment ys, long y, long n, long from, long to,
            Scratch scratch) {
        int padded = (k + LANES - 1) / LANES * LANES;
        float[] weights = new float[padded], lanes = new float[LANES];
        float[][] inputs = new float[rows][padded];
        for (int row = 0; row < rows; row++) laid(type, DType.F32, xs, x + 4L * row * k, k, inputs[row]);
        for (long column = from; column < to; column++) {
            laid(type, type, ws, w + type.bytes(column * k), k, weights);
            for (int row = 0; row < rows; row++) {
                Arrays.fill(lanes, 0);
                for (int i = 0; i < padded; i += LANES)
                    for (int lane = 0; lane < LANES; lane++) lanes[lane] = Math.fma(weights[i + lane], inputs[row][i + lane], lanes[lane]);
                ys.set(JAVA_FLOAT_UNALIGNED, y + 4 * (row * n + column), tree(lanes));
            }
        }
    }

    /** A row in the order of its lanes: for 16-bit weights each 64 elements as 32 even ones, then 32 odd. */
    private static void laid(DType weights, DType type, MemorySegment xs, long x, int k, float[] to) {
        if (weights == DType.F32) {
            Widen.run(type, xs, x, 1, to, 0, 1, k);
            return;
        }
        for (int i = 0; i < k; i += LANES) {
            int here = Math.min(LANES, k - i);
            Widen.run(type, xs, x + type.bytes(i), 2, to, i, 1, (here + 1) / 2);
            if (here > 1) Widen.run(type, xs, x + type.bytes(i + 1), 2, to, i + LANES / 2, 1, here / 2);
        }
    }

    @Override
    public int packRows() { return 1; }

    @Override
    public int panelColumns() { return COLUMNS; }

    @Override
    public long packBytes(int m, int k) { return 4L * m * k; }

    @Override
    public void pack(DType type, MemorySegment as, long a, long stride, boolean transposed, int m, int k, MemorySegment ps, long packed, int fromGroup, int toGroup) {
        float[] row = new float[k];
        for (int i = fromGroup; i < toGroup; i++) {
            Widen.run(type, as, a + type.bytes(transposed ? i : i * stride), transposed ? stride : 1, row, 0, 1, k);
            MemorySegment.copy(row, 0, ps, JAVA_FLOAT_UNALIGNED, packed + 4L * i * k, k);
        }
    }

    @Override
    public void multiply(MemorySegment ps, long packed, int m, int k, DType type, MemorySegment bs, long b, long bStride, boolean transposed, MemorySegment cs, long c,
            long cStride, long fromColumn, long toColumn, boolean accumulate, Scratch scratch) {
        int columns = (int) (toColumn - fromColumn);
        float[] panel = new float[BLOCK * columns], row = new float[BLOCK], sums = new float[columns];
        for (int from = 0; from < Math.max(k, 1); from += BLOCK) {
            int depth = Math.min(BLOCK, k - from);
            if (transposed) for (int j = 0; j < columns; j++) Widen.run(type, bs, b + type.bytes((fromColumn + j) * bStride + from), 1, panel, j, columns, depth);
            else for (int i = 0; i < depth; i++) Widen.run(type, bs, b + type.bytes((from + i) * bStride + fromColumn), 1, panel, i * columns, 1, columns);
            for (int i = 0; i < m; i++) {
                MemorySegment.copy(ps, JAVA_FLOAT_UNALIGNED, packed + 4 * ((long) i * k + from), row, 0, depth);
                chains(row, panel, sums, depth, columns);
                long at = c + 4 * (i * cStride + fromColumn);
                for (int j = 0; j < columns; j++) put(cs, at, j, from == 0 && !accumulate ? sums[j] : get(cs, at, j) + sums[j]);
            }
        }
    }

    /** sums[j] = one chain of fused multiply-adds along the block. */
    private static void chains(float[] row, float[] panel, float[] sums, int depth, int columns) {
        Arrays.fill(sums, 0);
        for (int i = 0; i < depth; i++) {
            float factor = row[i];
            int at = i * columns;
            for (int j = 0; j < columns; j++) sums[j] = Math.fma(factor, panel[at + j], sums[j]);
        }
    }

    @Override
    public int queryBlock(AttentionSpec spec) { return 16; }

    @Override
    public void attend(AttentionSpec spec, int kvHead, MemorySegment qs, long q, MemorySegment ks, long k, MemorySegment vs, long v, MemorySegment os, long o, int first,
            int count, Scratch scratch) {
        int group = spec.heads() / spec.kvHeads(), d = spec.headDim();
        long keyRow = 4L * spec.kvHeads() * d, queryRow = 4L * spec.heads() * d;
        float[] query = new float[d], scores = new float[KEYS], out = new float[d], part = new float[d];
        float[] keys = new float[d * KEYS];
        for (int i = 0; i < count; i++) {
            for (int head = kvHead * group; head < (kvHead + 1) * group; head++) {
                long row = i * queryRow + 4L * head * d;
                MemorySegment.copy(qs, JAVA_FLOAT_UNALIGNED, q + row, query, 0, d);
                attendOne(spec, first + i, query, ks, k + 4L * kvHead * d, vs, v + 4L * kvHead * d, keyRow, scores, keys, part, out);
                MemorySegment.copy(out, 0, os, JAVA_FLOAT_UNALIGNED, o + row, d);
            }
        }
    }

    /** One query: blocks of KEYS keys from the sequence's start, each with its own maximum, the output scaled as it rises. */
    private static void attendOne(AttentionSpec spec, int position, float[] query, MemorySegment ks, long k, MemorySegment vs, long v, long keyRow, float[] scores,
            float[] keys, float[] part, float[] out) {
        int d = spec.headDim(), lowest = spec.window() == 0 ? 0 : Math.max(0, position - spec.window() + 1);
        Arrays.fill(out, 0);
        float max = Float.NEGATIVE_INFINITY, sum = 0;
        for (int block = lowest / KEYS * KEYS; block <= position; block += KEYS) {
            int here = Math.min(KEYS, position - block + 1);
            for (int j = 0; j < here; j++) Widen.run(DType.F32, ks, k + (block + j) * keyRow, 1, keys, j, KEYS, d);
            chains(query, keys, scores, d, KEYS);
            float now = max;
            for (int j = 0; j < KEYS; j++) {
                scores[j] = j < here && block + j >= lowest ? capped(scores[j] * spec.scale(), spec.softCap()) : Float.NEGATIVE_INFINITY;
                now = Math.max(now, scores[j]);
            }
            float[] lanes = new float[LANES];
            for (int j = 0; j < KEYS; j++) {
                scores[j] = Elementary.exp(scores[j] - now);
                lanes[j % LANES] += scores[j];
            }
            float kept = Elementary.exp(max - now);
            sum = Math.fma(sum, kept, tree(lanes));
            Arrays.fill(part, 0);
            for (int j = 0; j < here; j++)
                for (int e = 0; e < d; e++) part[e] = Math.fma(scores[j], vs.get(JAVA_FLOAT_UNALIGNED, v + (block + j) * keyRow + 4L * e), part[e]);
            for (int e = 0; e < d; e++) out[e] = Math.fma(out[e], kept, part[e]);
            max = now;
        }
        float scale = 1 / sum;
        for (int e = 0; e < d; e++) out[e] *= scale;
    }

    @Override
    public BackwardArithmetic backward() { return new ScalarBackward(); }
}
