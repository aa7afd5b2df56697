package io.graft.engine.kernel.vector;

import static io.graft.engine.kernel.Kernels.BLOCK;
import static io.graft.engine.kernel.Kernels.LANES;
import static io.graft.engine.kernel.vector.Memory.L;
import static io.graft.engine.kernel.vector.Memory.get;
import static io.graft.engine.kernel.vector.Memory.load;
import static io.graft.engine.kernel.vector.Memory.loadHalves;
import static io.graft.engine.kernel.vector.Memory.loadWeight;
import static io.graft.engine.kernel.vector.Memory.put;
import static io.graft.engine.kernel.vector.Memory.store;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.host.Arithmetic;
import io.graft.engine.kernel.host.BackwardArithmetic;
import io.graft.engine.kernel.host.Elementary;
import io.graft.engine.kernel.host.Scratch;
import io.graft.engine.kernel.host.Widen;
import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** The loops by vectors of any width: elementwise ones here, the rest in the classes beside it. */
final class VectorArithmetic implements Arithmetic {

    /** Rows of the left factor that stay in the second cache while panels of the right one pass: 120 x 256 floats are 120 KiB; a multiple of the tile's. */
    private static final int CACHED_ROWS = 120;
    /** What is packed at once of the right factor's depth; a multiple of {@link #BLOCK}. 8 panels of 2048 x 16 floats are 1 MiB, read in order once every {@link #CACHED_ROWS}. */
    private static final int TASK_DEPTH = 8 * BLOCK;

    @Override
    public boolean raw() { return Memory.RAW; }

    @Override
    public float get(MemorySegment xs, long x) { return Memory.get(Memory.of(xs), x); }

    @Override
    public void widen(DType type, MemorySegment xs, long x, float scale, MemorySegment ys, long y, int n) {
        MemorySegment xm = Memory.of(xs), ym = Memory.of(ys);
        int i = 0;
        if (type == DType.F32) {
            for (; i + L <= n; i += L) {
                store(ym, y + 4L * i, loadWeight(xm, x + 4L * i).mul(scale));
            }
        } else {
            boolean brain = type == DType.BF16;
            for (; i + L <= n; i += L) {
                IntVector v = (IntVector) loadHalves(xm, x + 2L * i).convertShape(VectorOperators.S2I, Memory.INTS, 0);
                store(ym, y + 4L * i, (brain ? VectorMath.widenBrain(v) : VectorMath.widenHalf(v)).mul(scale));
            }
        }
        for (; i < n; i++) put(ym, y + 4L * i, scale * Widen.element(type, xm, x, i));
    }

    @Override
    public void add(MemorySegment as, long a, MemorySegment bs, long b, float scale, MemorySegment ys, long y, int n) { plus(as, a, bs, b, scale, ys, y, n); }

    static void plus(MemorySegment as, long a, MemorySegment bs, long b, float scale, MemorySegment ys, long y, int n) {
        MemorySegment am = Memory.of(as), bm = Memory.of(bs), ym = Memory.of(ys);
        FloatVector factor = FloatVector.broadcast(Memory.SPECIES, scale);
        int i = 0;
        for (; i + L <= n; i += L) store(ym, y + 4L * i, factor.fma(load(bm, b + 4L * i), load(am, a + 4L * i)));
        for (; i < n; i++) put(ym, y + 4L * i, Math.fma(scale, Memory.get(bm, b + 4L * i), Memory.get(am, a + 4L * i)));
    }

    static void times(MemorySegment xs, long x, float scale, MemorySegment ys, long y, int n) {
        MemorySegment xm = Memory.of(xs), ym = Memory.of(ys);
        int i = 0;
        for (; i + L <= n; i += L) store(ym, y + 4L * i, load(xm, x + 4L * i).mul(scale));
        for (; i < n; i++) put(ym, y + 4L * i, scale * Memory.get(xm, x + 4L * i));
    }

    @Override
    public void scale(MemorySegment xs, long x, float scale, float cap, MemorySegment ys, long y, int n) { scaled(xs, x, scale, cap, ys, y, n); }

    static void scaled(MemorySegment xs, long x, float scale, float cap, MemorySegment ys, long y, int n) {
        if (cap == 0) {
            times(xs, x, scale, ys, y, n);
            return;
        }
        MemorySegment xm = Memory.of(xs), ym = Memory.of(ys);
        int i = 0;
        for (; i + L <= n; i += L) store(ym, y + 4L * i, VectorMath.tanh(load(xm, x + 4L * i).mul(scale).div(cap)).mul(cap));
        for (; i < n; i++) put(ym, y + 4L * i, cap * Elementary.tanh(scale * Memory.get(xm, x + 4L * i) / cap));
    }

    @Override
    public void gate(Activation activation, MemorySegment gs, long g, MemorySegment us, long u, MemorySegment ys, long y, int n) {
        if (activation == Activation.SILU) silu(gs, g, us, u, ys, y, n);
        else gelu(gs, g, us, u, ys, y, n);
    }

    private static void silu(MemorySegment gs, long g, MemorySegment us, long u, MemorySegment ys, long y, int n) {
        MemorySegment gm = Memory.of(gs), um = Memory.of(us), ym = Memory.of(ys);
        int i = 0;
        for (; i + L <= n; i += L) {
            FloatVector v = load(gm, g + 4L * i);
            store(ym, y + 4L * i, v.div(VectorMath.exp(v.neg()).add(1)).mul(load(um, u + 4L * i)));
        }
        for (; i < n; i++) {
            float v = Memory.get(gm, g + 4L * i);
            put(ym, y + 4L * i, v / (1 + Elementary.exp(-v)) * Memory.get(um, u + 4L * i));
        }
    }

    private static void gelu(MemorySegment gs, long g, MemorySegment us, long u, MemorySegment ys, long y, int n) {
        MemorySegment gm = Memory.of(gs), um = Memory.of(us), ym = Memory.of(ys);
        FloatVector cubic = FloatVector.broadcast(Memory.SPECIES, Elementary.GELU_CUBIC), linear = FloatVector.broadcast(Memory.SPECIES, Elementary.GELU_LINEAR);
        int i = 0;
        for (; i + L <= n; i += L) {
            FloatVector v = load(gm, g + 4L * i);
            store(ym, y + 4L * i, v.div(VectorMath.exp(v.mul(v.mul(v).fma(cubic, linear))).add(1)).mul(load(um, u + 4L * i)));
        }
        for (; i < n; i++) {
            float v = Memory.get(gm, g + 4L * i), exponent = v * Math.fma(v * v, Elementary.GELU_CUBIC, Elementary.GELU_LINEAR);
            put(ym, y + 4L * i, v / (1 + Elementary.exp(exponent)) * Memory.get(um, u + 4L * i));
        }
    }

    @Override
    public void rmsNorm(MemorySegment xs, long x, MemorySegment gs, long gain, float offset, float eps, MemorySegment ys, long y, int n) {
        Rows.rmsNorm(xs, x, gs, gain, offset, eps, ys, y, n);
    }

    @Override
    public void layerNorm(MemorySegment xs, long x, MemorySegment gs, long gain, float eps, MemorySegment ys, long y, int n) {
        Rows.layerNorm(xs, x, gs, gain, eps, ys, y, n);
    }

    @Override
    public void rope(MemorySegment xs, long x, int heads, int headDim, MemorySegment cs, long cos, MemorySegment ss, long sin, int half, boolean pairs) {
        Rows.rope(xs, x, heads, headDim, cs, cos, ss, sin, half, pairs);
    }

    @Override
    public float max(MemorySegment xs, long x, int n) { return Rows.max(xs, x, n); }

    @Override
    public float expSum(MemorySegment xs, long x, float shift, MemorySegment ys, long y, int n) { return Rows.expSum(xs, x, shift, ys, y, n); }

    @Override
    public int argmax(MemorySegment xs, long x, int n) { return Rows.argmax(xs, x, n); }

    @Override
    public long spreadBytes(DType weights, int rows, int k) { return weights == DType.F32 && k % LANES == 0 ? 0 : 4L * rows * Dots.padded(k); }

    @Override
    public void spread(DType weights, MemorySegment xs, long x, int rows, int k, MemorySegment ts, long to) {
        Dots.spread(weights != DType.F32, xs, x, rows, k, ts, to);
    }

    @Override
    public void lanes(MemorySegment xs, long x, int rows, int k, DType type, MemorySegment ws, long w, MemorySegment ys, long y, long n, long from, long to,
            Scratch scratch) {
        int padded = Dots.padded(k);
        long t = scratch.room(4L * LANES + 4L * padded), row = t + 4L * LANES, bytes = type.bytes(k);
        MemorySegment ts = scratch.segment(), tm = Memory.of(ts), ym = Memory.of(ys);
        if (padded != k) Memory.zero(tm, row, padded);
        for (long column = from; column < to; column++) {
            long weights = w + column * bytes;
            if (padded != k) MemorySegment.copy(Memory.of(ws), weights, tm, row, bytes);
            for (int r = 0; r < rows; r++) {
                long input = x + 4L * r * padded;
                float dot = padded == k ? Dots.dot(type, ws, weights, xs, input, padded, ts, t) : Dots.dot(type, ts, row, xs, input, padded, ts, t);
                put(ym, y + 4 * (r * n + column), dot);
            }
        }
    }

    @Override
    public int packRows() { return Tile.ROWS; }

    @Override
    public int panelColumns() { return Tile.COLUMNS; }

    @Override
    public long packBytes(int m, int k) { return 4L * groups(m) * Tile.ROWS * k; }

    private static int groups(int m) { return (m + Tile.ROWS - 1) / Tile.ROWS; }

    /** Packed are blocks of k, in each the groups, in each (depth, 6). */
    @Override
    public void pack(DType type, MemorySegment as, long a, long stride, boolean transposed, int m, int k, MemorySegment ps, long packed, int fromGroup, int toGroup) {
        for (int group = fromGroup; group < toGroup; group++) { // blocks within, so that a row is read in order to its end
            int row = group * Tile.ROWS, count = Math.min(Tile.ROWS, m - row);
            for (int from = 0; from < k; from += BLOCK) {
                int depth = Math.min(BLOCK, k - from);
                long to = packed + 4L * Tile.ROWS * ((long) from * groups(m) + (long) group * depth);
                if (transposed) Packing.along(type, as, a + type.bytes(from * stride + row), stride, count, Tile.ROWS, depth, ps, to);
                else Packing.across(type, as, a + type.bytes(row * stride + from), stride, count, Tile.ROWS, depth, ps, to);
            }
        }
    }

    @Override
    public void multiply(MemorySegment ps, long packed, int m, int k, DType type, MemorySegment bs, long b, long bStride, boolean transposed, MemorySegment cs, long c,
            long cStride, long fromColumn, long toColumn, boolean accumulate, Scratch scratch) {
        for (int from = 0; from == 0 || from < k; from += TASK_DEPTH) {
            int depth = Math.min(TASK_DEPTH, k - from);
            long left = packed + 4L * Tile.ROWS * groups(m) * from, right = type.bytes(transposed ? from : from * bStride);
            blocks(ps, left, m, depth, type, bs, b + right, bStride, transposed, cs, c, cStride, fromColumn, toColumn, accumulate || from > 0, scratch);
        }
    }

    /** The same along at most {@link #TASK_DEPTH}. Sums of rows that stay in the cache are kept beside the panels, in tiles, from one block of k to the next. */
    private static void blocks(MemorySegment ps, long packed, int m, int k, DType type, MemorySegment bs, long b, long bStride, boolean transposed, MemorySegment cs, long c,
            long cStride, long fromColumn, long toColumn, boolean accumulate, Scratch scratch) {
        int panels = (int) ((toColumn - fromColumn + Tile.COLUMNS - 1) / Tile.COLUMNS), blocks = Math.max(1, (k + BLOCK - 1) / BLOCK);
        long tileBytes = 4L * Tile.ROWS * Tile.COLUMNS, panelBytes = 4L * Tile.COLUMNS * Math.min(k, BLOCK), sumBytes = blocks == 1 ? 0 : (CACHED_ROWS / Tile.ROWS) * tileBytes;
        long start = scratch.room(blocks * panels * panelBytes + panels * sumBytes + tileBytes), sums = start + blocks * panels * panelBytes, tile = sums + panels * sumBytes;
        MemorySegment ts = scratch.segment();
        for (int block = 0; block < blocks; block++)
            Packing.panels(type, bs, b, bStride, transposed, block * BLOCK, Math.min(BLOCK, k - block * BLOCK), fromColumn, toColumn, ts, start + block * panels * panelBytes, panelBytes);
        for (int some = 0; some < m; some += CACHED_ROWS)
            for (int block = 0; block < blocks; block++) {
                int depth = Math.min(BLOCK, k - block * BLOCK);
                boolean add = accumulate || block > 0, last = block == blocks - 1;
                for (int panel = 0; panel < panels; panel++) {
                    long column = fromColumn + (long) panel * Tile.COLUMNS, right = start + (block * panels + panel) * panelBytes, sum = sums + panel * sumBytes;
                    int columns = (int) Math.min(Tile.COLUMNS, toColumn - column);
                    for (int row = some; row < Math.min(m, some + CACHED_ROWS); row += Tile.ROWS, sum += tileBytes) {
                        int rows = Math.min(Tile.ROWS, m - row);
                        boolean whole = !last || rows == Tile.ROWS && columns == Tile.COLUMNS;
                        long left = packed + 4L * Tile.ROWS * BLOCK * block * groups(m) + 4L * row * depth, to = c + 4 * (row * cStride + column);
                        if (!add && whole) {
                            if (last) Tile.multiply(ps, left, ts, right, depth, cs, to, 4 * cStride);
                            else Tile.multiply(ps, left, ts, right, depth, ts, sum, 4L * Tile.COLUMNS);
                            continue;
                        }
                        Tile.multiply(ps, left, ts, right, depth, ts, tile, 4L * Tile.COLUMNS);
                        if (block == 0) {
                            if (last) Tile.add(ts, tile, rows, columns, cs, to, 4 * cStride, add);
                            else Tile.add(ts, tile, rows, columns, cs, to, 4 * cStride, ts, sum, 4L * Tile.COLUMNS);
                        } else if (last) Tile.add(ts, tile, rows, columns, ts, sum, 4L * Tile.COLUMNS, cs, to, 4 * cStride);
                        else Tile.add(ts, tile, Tile.ROWS, Tile.COLUMNS, ts, sum, 4L * Tile.COLUMNS, ts, sum, 4L * Tile.COLUMNS);
                    }
                }
            }
    }

    @Override
    public int queryBlock(AttentionSpec spec) { return VectorAttention.queryBlock(spec); }

    @Override
    public void attend(AttentionSpec spec, int kvHead, MemorySegment qs, long q, MemorySegment ks, long k, MemorySegment vs, long v, MemorySegment os, long o, int first,
            int count, Scratch scratch) {
        VectorAttention.attend(spec, kvHead, qs, q, ks, k, vs, v, os, o, first, count, scratch);
    }

    @Override
    public BackwardArithmetic backward() { return new VectorBackward(); }
}
