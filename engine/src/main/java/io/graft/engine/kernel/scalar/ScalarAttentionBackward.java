package io.graft.engine.kernel.scalar;

import static io.graft.engine.kernel.Kernels.LANES;
import static io.graft.engine.kernel.host.Arithmetic.KEYS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.backward.BackwardKernels;
import io.graft.engine.kernel.host.BackwardArithmetic.AttentionRows;
import io.graft.engine.kernel.host.Elementary;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Gradients of causal attention for one key head of one sequence, a block of query rows at a time: no T x T matrix.
 *
 * <pre>
 *   s_j   = scale · q·k_j, capped: c·tanh(s/c)     keys j that the query sees
 *   p_j   = exp(s_j − max) / Σ                     computed again: nothing is saved
 *   D     = dout·out
 *   ds_j  = p_j · (dout·v_j − D) · scale · (1 − (s_j/c)²)
 *   dq    = Σ ds_j k_j        dk_j += ds_j q        dv_j += p_j dout
 * </pre>
 * Dao et al. 2022, arXiv:2205.14135, section B.4. A row is a query and one of its heads: row / group is the query.
 */
final class ScalarAttentionBackward {

    private final AttentionSpec spec;
    private final int head, queries, keys, d, group;
    private final AttentionRows rows;
    private final long queryRow, keyRow;
    private final float[] kT, vT, k, dk, dv;

    ScalarAttentionBackward(AttentionSpec spec, int kvHead, AttentionRows rows, int queries, int keys) {
        this.spec = spec;
        this.rows = rows;
        this.queries = queries;
        this.keys = keys;
        d = spec.headDim();
        group = spec.heads() / spec.kvHeads();
        head = kvHead;
        queryRow = 4L * spec.heads() * d;
        keyRow = 4L * spec.kvHeads() * d;
        k = new float[keys * d];
        kT = new float[keys * d];
        vT = new float[keys * d];
        dk = new float[keys * d];
        dv = new float[keys * d];
        for (int j = 0; j < keys; j++)
            for (int e = 0; e < d; e++) {
                k[j * d + e] = kT[e * keys + j] = ScalarArithmetic.get(rows.ks, rows.k + 4L * head * d + j * keyRow, e);
                vT[e * keys + j] = ScalarArithmetic.get(rows.vs, rows.v + 4L * head * d + j * keyRow, e);
            }
    }

    void run() {
        int block = Math.max(1, BackwardKernels.ROWS / group);
        for (int from = 0; from < queries; from += block) block(from, Math.min(block, queries - from));
        for (int j = 0; j < keys; j++) {
            MemorySegment.copy(dk, j * d, rows.dks, JAVA_FLOAT_UNALIGNED, rows.dk + 4L * head * d + j * keyRow, d);
            MemorySegment.copy(dv, j * d, rows.dvs, JAVA_FLOAT_UNALIGNED, rows.dv + 4L * head * d + j * keyRow, d);
        }
    }

    private void block(int from, int count) {
        int first = keys - queries + from, end = first + count, start = spec.window() == 0 ? 0 : Math.max(0, first - spec.window() + 1) / KEYS * KEYS, width = end - start;
        int size = count * group;
        float[][] q = new float[size][d], dO = new float[size][d], p = new float[size][width], ds = new float[size][width];
        float[] out = new float[d], s = new float[width], part = new float[d], dq = new float[d];
        for (int row = 0; row < size; row++) {
            long at = (from + row / group) * queryRow + 4L * (head * group + row % group) * d;
            MemorySegment.copy(rows.qs, JAVA_FLOAT_UNALIGNED, rows.q + at, q[row], 0, d);
            MemorySegment.copy(rows.dos, JAVA_FLOAT_UNALIGNED, rows.dO + at, dO[row], 0, d);
            MemorySegment.copy(rows.os, JAVA_FLOAT_UNALIGNED, rows.o + at, out, 0, d);
            int position = first + row / group, lowest = spec.window() == 0 ? 0 : Math.max(0, position - spec.window() + 1);
            float share = 1 / shares(q[row], s, p[row], start, lowest - start, position - start + 1), mean = dot(dO[row], out);
            chains(dO[row], vT, start, ds[row]);
            for (int j = 0; j < width; j++) {
                p[row][j] *= share;
                ds[row][j] = p[row][j] * (ds[row][j] - mean) * spec.scale();
                if (spec.softCap() > 0) ds[row][j] *= 1 - s[j] / spec.softCap() * (s[j] / spec.softCap());
            }
            Arrays.fill(dq, 0);
            for (int b = 0; b < width; b += KEYS) {
                Arrays.fill(part, 0);
                for (int j = b; j < Math.min(b + KEYS, width); j++)
                    for (int e = 0; e < d; e++) part[e] = Math.fma(ds[row][j], k[(start + j) * d + e], part[e]);
                for (int e = 0; e < d; e++) dq[e] += part[e];
            }
            MemorySegment.copy(dq, 0, rows.dqs, JAVA_FLOAT_UNALIGNED, rows.dq + at, d);
        }
        for (int j = 0; j < width; j++) {
            columns(p, dO, j, dv, (start + j) * d, part);
            columns(ds, q, j, dk, (start + j) * d, part);
        }
    }

    /** s = the capped scores of a row, p = exp(s − max) of those from one to another, else 0; the sum of these. */
    private float shares(float[] q, float[] s, float[] p, int start, int from, int to) {
        chains(q, kT, start, s);
        float max = Float.NEGATIVE_INFINITY;
        for (int j = 0; j < s.length; j++) {
            s[j] *= spec.scale();
            if (spec.softCap() > 0) s[j] = spec.softCap() * Elementary.tanh(s[j] / spec.softCap());
            if (j >= from && j < to) max = Math.max(max, s[j]);
        }
        float[] lanes = new float[LANES];
        for (int j = 0; j < s.length; j++) {
            p[j] = j >= from && j < to ? Elementary.exp(s[j] - max) : 0;
            lanes[j % LANES] += p[j];
        }
        return ScalarArithmetic.tree(lanes);
    }

    /** s[j] = x · column start + j of m (d, keys). */
    private void chains(float[] x, float[] m, int start, float[] s) {
        Arrays.fill(s, 0);
        for (int e = 0; e < d; e++)
            for (int j = 0; j < s.length; j++) s[j] = Math.fma(x[e], m[e * keys + start + j], s[j]);
    }

    /** sum[at ...] += Σ_rows p[row][j] x[row]. */
    private void columns(float[][] p, float[][] x, int j, float[] sum, int at, float[] part) {
        Arrays.fill(part, 0);
        for (int row = 0; row < p.length; row++)
            for (int e = 0; e < d; e++) part[e] = Math.fma(p[row][j], x[row][e], part[e]);
        for (int e = 0; e < d; e++) sum[at + e] += part[e];
    }

    private float dot(float[] a, float[] b) {
        float[] lanes = new float[LANES];
        for (int i = 0; i < d; i++) lanes[i % LANES] = Math.fma(a[i], b[i], lanes[i % LANES]);
        return ScalarArithmetic.tree(lanes);
    }
}
