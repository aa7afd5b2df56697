package io.graft.engine.kernel.vector;

import static io.graft.engine.kernel.host.Arithmetic.KEYS;
import static io.graft.engine.kernel.vector.Memory.get;
import static io.graft.engine.kernel.vector.Memory.put;

import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.host.Elementary;
import io.graft.engine.kernel.host.Scratch;
import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;

/**
 * Attention by the {@link Tile}: all query heads of one key head and a block of queries are the rows (R, multiple of 6) of
 * scores (R, KEYS) = Q K^T, then part (R, headDim) = P V, a block of keys at a time. Every score is one chain along headDim and
 * every part one along the block, so bits depend neither on the tile nor on which queries share it.
 */
final class VectorAttention {

    /** Rows that a task aims at: they share the packing of keys and values. */
    private static final int ROWS = 48;

    private VectorAttention() {}

    static int queryBlock(AttentionSpec spec) { return Math.max(1, ROWS / (spec.heads() / spec.kvHeads())); }

    static void attend(AttentionSpec spec, int kvHead, MemorySegment qs, long q, MemorySegment ks, long k, MemorySegment vs, long v, MemorySegment os, long o,
            int first, int count, Scratch scratch) {
        int group = spec.heads() / spec.kvHeads(), d = spec.headDim(), rows = group * count, padded = up(rows, Tile.ROWS), wide = up(d, Tile.COLUMNS);
        long queryRow = 4L * spec.heads() * d, keyRow = 4L * spec.kvHeads() * d, head = 4L * kvHead * d;
        long at = scratch.room(4L * (padded * (d + 2L * KEYS + 2L * wide + 3) + (long) KEYS * Math.max(wide, d)));
        long queries = at, scores = queries + 4L * padded * d, weights = scores + 4L * padded * KEYS, out = weights + 4L * padded * KEYS;
        long part = out + 4L * padded * wide, maxima = part + 4L * padded * wide, sums = maxima + 4L * padded, shares = sums + 4L * padded, panels = shares + 4L * padded;
        MemorySegment ts = scratch.segment(), tm = Memory.of(ts), om = Memory.of(os);
        for (int row = 0; row < padded; row += Tile.ROWS) {
            for (int i = row; i < row + Tile.ROWS; i++) { // rows of one tile may belong to several queries
                long to = queries + 4L * (row * (long) d + i - row), from = q + i / group * queryRow + 4L * (kvHead * group + i % group) * d;
                for (int e = 0; e < d; e++) put(tm, to + 4L * Tile.ROWS * e, i < rows ? get(Memory.of(qs), from + 4L * e) : 0);
            }
        }
        Memory.zero(tm, out, padded * wide);
        for (int row = 0; row < rows; row++) {
            put(tm, maxima + 4L * row, Float.NEGATIVE_INFINITY);
            put(tm, sums + 4L * row, 0);
        }
        int last = first + count - 1, start = spec.window() == 0 ? 0 : Math.max(0, first - spec.window() + 1) / KEYS * KEYS;
        for (int block = start; block <= last; block += KEYS) {
            int here = Math.min(KEYS, last - block + 1);
            for (int j = 0; j < here; j += Tile.COLUMNS) {
                Packing.across(DType.F32, ks, k + head + (block + j) * keyRow, keyRow / 4, Math.min(Tile.COLUMNS, here - j), Tile.COLUMNS, d, ts, panels);
                for (int row = 0; row < padded; row += Tile.ROWS)
                    Tile.multiply(ts, queries + 4L * row * d, ts, panels, d, ts, scores + 4L * (row * (long) KEYS + j), 4L * KEYS);
            }
            weigh(spec, first, group, rows, block, here, ts, scores, maxima, sums, shares);
            for (int row = 0; row < padded; row += Tile.ROWS)
                Packing.across(DType.F32, ts, scores + 4L * row * KEYS, KEYS, Tile.ROWS, Tile.ROWS, here, ts, weights + 4L * row * KEYS);
            for (int j = 0; j < d; j += Tile.COLUMNS) {
                Packing.along(DType.F32, vs, v + head + block * keyRow + 4L * j, keyRow / 4, Math.min(Tile.COLUMNS, d - j), Tile.COLUMNS, here, ts, panels);
                for (int row = 0; row < padded; row += Tile.ROWS)
                    Tile.multiply(ts, weights + 4L * row * KEYS, ts, panels, here, ts, part + 4L * (row * (long) wide + j), 4L * wide);
            }
            for (int row = 0; row < rows; row++) {
                float kept = get(tm, shares + 4L * row);
                if (kept >= 0) VectorArithmetic.plus(ts, part + 4L * row * wide, ts, out + 4L * row * wide, kept, ts, out + 4L * row * wide, wide);
            }
        }
        for (int row = 0; row < rows; row++) {
            long to = o + row / group * queryRow + 4L * (kvHead * group + row % group) * d;
            VectorArithmetic.times(ts, out + 4L * row * wide, 1 / get(tm, sums + 4L * row), os, to, d);
        }
    }

    /**
     * Scores become exp(s - max), 0 where a query must not see; what was summed up before keeps a share as the maximum rises: 1
     * if it does not, negative for a row that sees nothing here.
     */
    private static void weigh(AttentionSpec spec, int first, int group, int rows, int block, int here, MemorySegment ts, long scores, long maxima, long sums,
            long shares) {
        MemorySegment tm = Memory.of(ts);
        for (int row = 0; row < rows; row++) {
            int position = first + row / group, lowest = spec.window() == 0 ? 0 : Math.max(0, position - spec.window() + 1);
            int from = Math.clamp(lowest - block, 0, KEYS), to = Math.clamp(position - block + 1L, 0, here), wide = up(here, Tile.COLUMNS);
            long at = scores + 4L * row * KEYS;
            if (from >= to) {
                Memory.zero(tm, at, here);
                put(tm, shares + 4L * row, -1);
                continue;
            }
            VectorArithmetic.scaled(ts, at, spec.scale(), spec.softCap(), ts, at, here);
            for (int j = 0; j < from; j++) put(tm, at + 4L * j, Float.NEGATIVE_INFINITY);
            for (int j = to; j < wide; j++) put(tm, at + 4L * j, Float.NEGATIVE_INFINITY);
            float before = get(tm, maxima + 4L * row), now = Math.max(before, Rows.max(ts, at, wide)), kept = Elementary.exp(before - now);
            float sum = Rows.expSum(ts, at, now, ts, at, wide);
            put(tm, sums + 4L * row, Math.fma(get(tm, sums + 4L * row), kept, sum));
            put(tm, maxima + 4L * row, now);
            put(tm, shares + 4L * row, kept >= 0 ? kept : 0);
        }
    }

    private static int up(int n, int multiple) { return (n + multiple - 1) / multiple * multiple; }
}
