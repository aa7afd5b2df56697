package io.graft.engine.kernel.backward;

import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Gradients of causal attention, one query at a time: no score of another query is kept.
 *
 * <pre>
 *   s_j   = scale · q·k_j, capped: c·tanh(s/c)     keys j that the query sees
 *   p_j   = exp(s_j − max) / Σ                     computed again: nothing is saved
 *   D     = dout·out
 *   ds_j  = p_j · (dout·v_j − D) · (1 − (s_j/c)²)
 *   dq    = scale · Σ ds_j k_j        dk_j += scale · ds_j q        dv_j += p_j dout
 * </pre>
 * Shapes: q, out, dout, dq (rows, heads·D); k, v, dk, dv (key rows, kvHeads·D); all F32. Dao et al. 2022, arXiv:2205.14135,
 * section B.4. A part is one key head of one sequence with all its query heads, so that sums over queries run in order.
 */
final class AttentionBackward {

    private AttentionBackward() {}

    static void run(Region region, Tensor q, Tensor k, Tensor v, Tensor out, Tensor dOut, Sequences sequences, AttentionSpec spec, Tensor dq, Tensor dk, Tensor dv) {
        MemorySegment[] in = {q.segment(), k.segment(), v.segment(), out.segment(), dOut.segment()};
        MemorySegment[] to = {dq.segment(), dk.segment(), dv.segment()};
        region.run(sequences.count() * spec.kvHeads(), part -> head(in, to, sequences, part / spec.kvHeads(), part % spec.kvHeads(), spec));
    }

    private static void head(MemorySegment[] in, MemorySegment[] to, Sequences sequences, int sequence, int kvHead, AttentionSpec spec) {
        int width = spec.headDim(), keys = sequences.keys(sequence), queries = sequences.queries(sequence), group = spec.heads() / spec.kvHeads();
        long keyStride = (long) spec.kvHeads() * width, queryStride = (long) spec.heads() * width, firstKey = sequences.firstKey(sequence);
        float[] k = gather(in[1], firstKey, keys, keyStride, kvHead * width, width), v = gather(in[2], firstKey, keys, keyStride, kvHead * width, width);
        float[] dk = new float[keys * width], dv = new float[keys * width], lanes = Rows.lanes();
        float[] q = new float[width], out = new float[width], dOut = new float[width], dq = new float[width], p = new float[keys], s = new float[keys];
        for (int head = kvHead * group; head < (kvHead + 1) * group; head++)
            for (int i = 0; i < queries; i++) {
                int end = keys - queries + i + 1, from = spec.window() == 0 ? 0 : Math.max(0, end - spec.window());
                long at = (sequences.firstQuery(sequence) + i) * queryStride + (long) head * width;
                Rows.read(in[0], at, q, width);
                Rows.read(in[3], at, out, width);
                Rows.read(in[4], at, dOut, width);
                shares(q, k, from, end, spec, s, p, lanes);
                float mean = Rows.dot(dOut, 0, out, 0, width, lanes);
                Arrays.fill(dq, 0);
                for (int j = from; j < end; j++) {
                    float ds = p[j] * (Rows.dot(dOut, 0, v, j * width, width, lanes) - mean);
                    if (spec.softCap() > 0) ds *= 1 - s[j] / spec.softCap() * (s[j] / spec.softCap());
                    ds *= spec.scale();
                    Rows.axpy(ds, k, j * width, dq, 0, width);
                    Rows.axpy(ds, q, 0, dk, j * width, width);
                    Rows.axpy(p[j], dOut, 0, dv, j * width, width);
                }
                Rows.write(dq, to[0], at, width);
            }
        scatter(dk, to[1], firstKey, keys, keyStride, kvHead * width, width);
        scatter(dv, to[2], firstKey, keys, keyStride, kvHead * width, width);
    }

    /** Fills s with capped scores and p with their softmax, both from {@code from} to {@code end}. */
    private static void shares(float[] q, float[] k, int from, int end, AttentionSpec spec, float[] s, float[] p, float[] lanes) {
        float top = Float.NEGATIVE_INFINITY;
        for (int j = from; j < end; j++) {
            float score = Rows.dot(q, 0, k, j * q.length, q.length, lanes) * spec.scale();
            s[j] = spec.softCap() > 0 ? spec.softCap() * (float) StrictMath.tanh(score / spec.softCap()) : score;
            top = Math.max(top, s[j]);
        }
        double sum = 0;
        for (int j = from; j < end; j++) {
            p[j] = (float) StrictMath.exp(s[j] - top);
            sum += p[j];
        }
        float share = (float) (1 / sum);
        for (int j = from; j < end; j++) p[j] *= share;
    }

    private static float[] gather(MemorySegment from, long firstRow, int rows, long stride, int column, int width) {
        float[] all = new float[rows * width];
        for (int row = 0; row < rows; row++)
            MemorySegment.copy(from, java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * ((firstRow + row) * stride + column), all, row * width, width);
        return all;
    }

    private static void scatter(float[] all, MemorySegment to, long firstRow, int rows, long stride, int column, int width) {
        for (int row = 0; row < rows; row++)
            MemorySegment.copy(all, row * width, to, java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * ((firstRow + row) * stride + column), width);
    }
}
