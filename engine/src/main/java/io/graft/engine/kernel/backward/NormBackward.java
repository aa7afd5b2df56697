package io.graft.engine.kernel.backward;

import io.graft.engine.memory.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Gradients of RMSNorm and of LayerNorm without bias, which differ by a mean.
 *
 * <pre>
 *   c     = x, or x − mean(x)                     LayerNorm
 *   r     = 1 / sqrt(mean(c²) + eps)              computed again: nothing is saved
 *   y     = c · r · g                             g = gain, or 1 + gain
 *   dc    = r · (g·dy − c · r² · mean(c·g·dy))
 *   dx   += dc, or dc − mean(dc)
 *   dgain += Σ_rows dy · c · r
 * </pre>
 * Shapes: x, dy, dx rows of n; gain, dgain (n). Zhang and Sennrich 2019, arXiv:1910.07467; Ba et al. 2016, arXiv:1607.06450.
 */
final class NormBackward {

    /** Rows a part: enough work to be worth a dispatch, few enough to share. */
    private static final int ROWS = 16;

    private NormBackward() {}

    static void run(Region region, Tensor x, Tensor gain, float eps, boolean unitOffset, boolean centred, Tensor dy, Tensor dx, Tensor dGain) {
        int n = Math.toIntExact(gain.shape().elements());
        long rows = x.shape().elements() / n;
        float[] g = Rows.widen(gain);
        if (unitOffset)
            for (int i = 0; i < n; i++) g[i] += 1;
        float[] centre = new float[Math.toIntExact(rows)], scale = new float[centre.length];
        MemorySegment xs = x.segment(), dys = dy.segment();
        MemorySegment dxs = dx == null ? null : dx.segment();
        region.run(Math.toIntExact((rows + ROWS - 1) / ROWS), part -> {
            float[] c = new float[n], d = new float[n], old = new float[n], ones = ones(centred ? n : 0), lanes = Rows.lanes();
            for (long row = (long) part * ROWS; row < Math.min(rows, (part + 1L) * ROWS); row++) {
                Rows.read(xs, row * n, c, n);
                if (centred) {
                    centre[(int) row] = Rows.dot(c, 0, ones, 0, n, lanes) / n;
                    for (int i = 0; i < n; i++) c[i] -= centre[(int) row];
                }
                float r = (float) (1 / Math.sqrt(Rows.dot(c, 0, c, 0, n, lanes) / n + (double) eps));
                scale[(int) row] = r;
                if (dxs == null) continue;
                Rows.read(dys, row * n, d, n);
                for (int i = 0; i < n; i++) d[i] *= g[i];
                float pull = r * r * (Rows.dot(c, 0, d, 0, n, lanes) / n);
                for (int i = 0; i < n; i++) d[i] = r * (d[i] - c[i] * pull);
                float mean = centred ? Rows.dot(d, 0, ones, 0, n, lanes) / n : 0;
                Rows.read(dxs, row * n, old, n);
                for (int i = 0; i < n; i++) old[i] += d[i] - mean;
                Rows.write(old, dxs, row * n, n);
            }
        });
        if (dGain != null) gain(region, xs, dys, centre, scale, dGain.segment(), n);
    }

    /** Split by columns, every part adding the rows in their order: the same bits for any number of threads. */
    private static void gain(Region region, MemorySegment x, MemorySegment dy, float[] centre, float[] scale, MemorySegment dGain, int n) {
        int width = 64, parts = (n + width - 1) / width;
        region.run(parts, part -> {
            int from = part * width, count = Math.min(width, n - from);
            float[] sum = new float[count], c = new float[count], d = new float[count];
            Rows.read(dGain, from, sum, count);
            for (int row = 0; row < scale.length; row++) {
                Rows.read(x, (long) row * n + from, c, count);
                Rows.read(dy, (long) row * n + from, d, count);
                float mean = centre[row], r = scale[row];
                for (int i = 0; i < count; i++) sum[i] += d[i] * ((c[i] - mean) * r);
            }
            Rows.write(sum, dGain, from, count);
        });
    }

    private static float[] ones(int n) {
        float[] ones = new float[n];
        java.util.Arrays.fill(ones, 1);
        return ones;
    }
}
