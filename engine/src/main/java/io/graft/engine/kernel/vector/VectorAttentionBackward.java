package io.graft.engine.kernel.vector;

import static io.graft.engine.kernel.host.Arithmetic.KEYS;
import static io.graft.engine.kernel.vector.Memory.L;
import static io.graft.engine.kernel.vector.Memory.load;
import static io.graft.engine.kernel.vector.Memory.put;
import static io.graft.engine.kernel.vector.Memory.store;

import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.backward.BackwardKernels;
import io.graft.engine.kernel.host.BackwardArithmetic.AttentionRows;
import io.graft.engine.kernel.host.Scratch;
import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Gradients of causal attention by the {@link Tile}; the formulas stand in the scalar twin. For a block of query rows R (queries times the
 * heads of one key head) and the keys K that it sees: S = Q Kᵀ and dP = dO Vᵀ (R, K), then dQ += dS K, dK += dSᵀ Q, dV += Pᵀ dO. Panels of
 * keys and values are packed once for all blocks.
 */
final class VectorAttentionBackward {

    private static final int ROWS = Tile.ROWS, COLUMNS = Tile.COLUMNS;

    private VectorAttentionBackward() {}

    static void run(AttentionSpec spec, int kvHead, AttentionRows at, int queries, int keys, Scratch scratch) {
        int d = spec.headDim(), group = spec.heads() / spec.kvHeads(), wide = up(d, COLUMNS), block = Math.max(1, BackwardKernels.ROWS / group);
        int rows = up(Math.min(block, queries) * group, ROWS), panels = up(keys, COLUMNS), blocks = up(keys, KEYS);
        // Rows of scores lie a little more than a power of two apart: columns of them are read, which would fall upon few sets of the cache.
        long stride = panels + 16L, scores = (long) rows * stride;
        boolean capped = spec.softCap() > 0;
        long base = scratch.room(4 * (2L * panels * d + (long) blocks * wide + (capped ? 3 : 2) * scores + 2L * rows * d + 3L * rows * wide + (long) ROWS * Math.max(KEYS, rows)
                + (long) ROWS * COLUMNS + 2L * d));
        long kPanels = base, vPanels = kPanels + 4L * panels * d, kRows = vPanels + 4L * panels * d, p = kRows + 4L * blocks * wide, ds = p + 4 * scores;
        long raw = capped ? ds + 4 * scores : p, qPack = ds + 4 * (capped ? 2 : 1) * scores, oPack = qPack + 4L * rows * d, qPanels = oPack + 4L * rows * d;
        long oPanels = qPanels + 4L * rows * wide, dq = oPanels + 4L * rows * wide, left = dq + 4L * rows * wide, tile = left + 4L * ROWS * Math.max(KEYS, rows);
        MemorySegment ts = scratch.segment(), tm = Memory.of(ts);
        long queryRow = 4L * spec.heads() * d, keyRow = 4L * spec.kvHeads() * d, head = 4L * kvHead * d;
        for (int j = 0; j < keys; j += COLUMNS) {
            Packing.across(DType.F32, at.ks, at.k + head + j * keyRow, keyRow / 4, Math.min(COLUMNS, keys - j), COLUMNS, d, ts, kPanels + 4L * j * d);
            Packing.across(DType.F32, at.vs, at.v + head + j * keyRow, keyRow / 4, Math.min(COLUMNS, keys - j), COLUMNS, d, ts, vPanels + 4L * j * d);
        }
        for (int b = 0; b < keys; b += KEYS)
            for (int e = 0; e < d; e += COLUMNS)
                Packing.along(DType.F32, at.ks, at.k + head + b * keyRow + 4L * e, keyRow / 4, Math.min(COLUMNS, d - e), COLUMNS, Math.min(KEYS, keys - b), ts,
                        kRows + 4L * ((long) b * wide + (long) e * KEYS));
        for (int j = 0; j < keys; j++) {
            Memory.zero(Memory.of(at.dks), at.dk + head + j * keyRow, d);
            Memory.zero(Memory.of(at.dvs), at.dv + head + j * keyRow, d);
        }
        for (int from = 0; from < queries; from += block) {
            int count = Math.min(block, queries - from), size = count * group, padded = up(size, ROWS), first = keys - queries + from, end = first + count;
            int start = spec.window() == 0 ? 0 : Math.max(0, first - spec.window() + 1) / KEYS * KEYS, here = end - start, width = up(here, COLUMNS);
            long query = from * queryRow + head * group;
            rowsIn(at.qs, at.q + query, queryRow, group, size, d, ts, qPack, qPanels);
            rowsIn(at.dos, at.dO + query, queryRow, group, size, d, ts, oPack, oPanels);
            for (int j = 0; j < here; j += COLUMNS)
                for (int row = 0; row < padded; row += ROWS) {
                    Tile.multiply(ts, qPack + 4L * row * d, ts, kPanels + 4L * (start + j) * d, d, ts, raw + 4 * (row * stride + j), 4 * stride);
                    Tile.multiply(ts, oPack + 4L * row * d, ts, vPanels + 4L * (start + j) * d, d, ts, ds + 4 * (row * stride + j), 4 * stride);
                }
            for (int row = 0; row < size; row++) {
                int position = first + row / group, lowest = spec.window() == 0 ? 0 : Math.max(0, position - spec.window() + 1);
                long now = 4 * row * stride, of = query + row / group * queryRow + 4L * (row % group) * d;
                float mean = Rows.dot(at.dos, at.dO + of, at.os, at.o + of, d);
                float share = 1 / shares(spec, ts, raw + now, p + now, Math.max(0, lowest - start), position - start + 1, width);
                slopes(ts, raw + now, p + now, ds + now, share, mean, spec.scale(), spec.softCap(), width);
            }
            Memory.zero(tm, dq, padded * wide);
            for (int b = 0; b < here; b += KEYS) {
                int depth = Math.min(KEYS, here - b);
                for (int row = 0; row < padded; row += ROWS) {
                    Packing.across(DType.F32, ts, ds + 4 * (row * stride + b), stride, Math.min(ROWS, size - row), ROWS, depth, ts, left);
                    for (int e = 0; e < d; e += COLUMNS) {
                        Tile.multiply(ts, left, ts, kRows + 4L * ((long) (start + b) * wide + (long) e * KEYS), depth, ts, tile, 4L * COLUMNS);
                        Tile.add(ts, tile, ROWS, COLUMNS, ts, dq + 4L * ((long) row * wide + e), 4L * wide, true);
                    }
                }
            }
            for (int row = 0; row < size; row++)
                VectorArithmetic.times(ts, dq + 4L * row * wide, 1, at.dqs, at.dq + query + row / group * queryRow + 4L * (row % group) * d, d);
            for (int j = 0; j < here; j += ROWS) {
                long key = head + (start + j) * keyRow;
                columns(ts, p + 4L * j, stride, size, Math.min(ROWS, here - j), left, oPanels, d, tile, at.dvs, at.dv + key, keyRow);
                columns(ts, ds + 4L * j, stride, size, Math.min(ROWS, here - j), left, qPanels, d, tile, at.dks, at.dk + key, keyRow);
            }
        }
    }

    /** Rows of one block, laid out as the tile's left factor (d, 6) and as its right one, panels of (rows, COLUMNS). */
    private static void rowsIn(MemorySegment xs, long x, long queryRow, int group, int size, int d, MemorySegment ts, long pack, long panels) {
        MemorySegment xm = Memory.of(xs), tm = Memory.of(ts);
        for (int row = 0; row < up(size, ROWS); row++) {
            long to = pack + 4L * (row / ROWS * ROWS * (long) d + row % ROWS), from = x + row / group * queryRow + 4L * (row % group) * d;
            for (int e = 0; e < d; e++) put(tm, to + 4L * ROWS * e, row < size ? Memory.get(xm, from + 4L * e) : 0);
        }
        for (int row = 0; row < size; row++) {
            long from = x + row / group * queryRow + 4L * (row % group) * d;
            for (int e = 0; e < d; e += COLUMNS) {
                long to = panels + 4L * ((long) e * size + (long) row * COLUMNS);
                if (e + COLUMNS <= d) VectorArithmetic.times(xs, from + 4L * e, 1, ts, to, COLUMNS);
                else for (int i = 0; i < COLUMNS; i++) put(tm, to + 4L * i, e + i < d ? Memory.get(xm, from + 4L * (e + i)) : 0);
            }
        }
    }

    /** Six columns of a matrix of scores times panels (size, COLUMNS), added to as many rows of an output. */
    private static void columns(MemorySegment ts, long scores, long stride, int size, int count, long left, long panels, int d, long tile, MemorySegment os, long o, long keyRow) {
        Packing.along(DType.F32, ts, scores, stride, count, ROWS, size, ts, left);
        for (int e = 0; e < d; e += COLUMNS) {
            Tile.multiply(ts, left, ts, panels + 4L * e * size, size, ts, tile, 4L * COLUMNS);
            Tile.add(ts, tile, count, Math.min(COLUMNS, d - e), os, o + 4L * e, keyRow, true);
        }
    }

    /** p = exp(s − max) from one to another, else 0, from raw scores that become scaled and capped ones where there is a cap; the sum of p. */
    private static float shares(AttentionSpec spec, MemorySegment ts, long raw, long p, int from, int to, int width) {
        MemorySegment tm = Memory.of(ts);
        VectorArithmetic.scaled(ts, raw, spec.scale(), spec.softCap(), ts, raw, width);
        if (raw != p) VectorArithmetic.times(ts, raw, 1, ts, p, width);
        for (int j = 0; j < from; j++) put(tm, p + 4L * j, Float.NEGATIVE_INFINITY);
        for (int j = to; j < width; j++) put(tm, p + 4L * j, Float.NEGATIVE_INFINITY);
        return Rows.expSum(ts, p, Rows.max(ts, p, width), ts, p, width);
    }

    /** p = p share, ds = p (ds − mean) scale (1 − (s / cap)²). */
    private static void slopes(MemorySegment ts, long s, long p, long ds, float share, float mean, float scale, float cap, int width) {
        MemorySegment tm = Memory.of(ts);
        FloatVector one = FloatVector.broadcast(Memory.SPECIES, 1);
        for (int j = 0; j < width; j += L) {
            FloatVector weight = load(tm, p + 4L * j).mul(share), slope = weight.mul(load(tm, ds + 4L * j).sub(mean)).mul(scale);
            store(tm, p + 4L * j, weight);
            store(tm, ds + 4L * j, slope);
        }
        if (cap == 0) return;
        for (int j = 0; j < width; j += L) {
            FloatVector ratio = load(tm, s + 4L * j).div(cap);
            store(tm, ds + 4L * j, load(tm, ds + 4L * j).mul(one.sub(ratio.mul(ratio))));
        }
    }

    private static int up(int n, int multiple) { return (n + multiple - 1) / multiple * multiple; }
}
