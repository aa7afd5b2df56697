package io.graft.engine.kernel.backward;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * What adapters need beside matrix products, forward and backward: norms of rows, factors on columns, dropout, columns of a table,
 * matrices side by side. Activations are F32; weights may be of any computable type.
 *
 * <p>Aim: the same bits for any number of threads. Each output element is made by one task in one order; sums are in double.
 */
public final class AdapterMath {

    /** Elements a task of what works element by element; even, since two share a random number. */
    private static final int PART = 8192;
    /** Elements of a weight at a time in the pass for norms. */
    private static final long CHUNK = 1 << 18;
    /** Weyl increment and finaliser of SplitMix64 (Steele, Lea and Flood 2014). */
    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    private final Kernels kernels;
    private final Region region;

    AdapterMath(Kernels kernels, Region region) {
        this.kernels = kernels;
        this.region = region;
    }

    /**
     * norms[o] = ‖W[o, :] + scale · B[o, :] · A‖₂: what DoRA divides by (Liu et al. 2024, arXiv:2402.09353).
     *
     * @param w     (out, in), any computable type
     * @param a     (r, in)
     * @param b     (out, r)
     * @param scale factor on B·A
     * @return out norms
     */
    public float[] rowNorms(Tensor w, Tensor a, Tensor b, float scale) {
        int out = Math.toIntExact(w.shape().size(0)), in = Math.toIntExact(w.shape().size(1));
        int chunk = (int) Math.max(1, Math.min(out, CHUNK / in));
        float[] norms = new float[out], weights = new float[chunk * in];
        try (Tensor scratch = kernels.allocate("a part of the update", Shape.of(chunk, in))) {
            for (int from = 0; from < out; from += chunk) {
                int first = from, count = Math.min(chunk, out - from);
                Tensor update = scratch.rows(0, count);
                kernels.matmul(b.rows(from, count), false, a, false, update, false);
                kernels.download(w.rows(from, count), weights);
                MemorySegment updates = update.segment();
                region.run(count, row -> {
                    float[] u = new float[in];
                    Rows.read(updates, (long) row * in, u, in);
                    norms[first + row] = (float) Math.sqrt(squares(weights, row * in, u, scale, in));
                });
            }
        }
        return norms;
    }

    /** Σ (w + scale·u)², in four chains of doubles, one after the other would wait for its own sum. */
    private static double squares(float[] w, int at, float[] u, float scale, int n) {
        double[] sums = new double[4];
        for (int i = 0; i < n; i++) {
            double value = Math.fma(scale, u[i], w[at + i]);
            sums[i & 3] += value * value;
        }
        return sums[0] + sums[1] + (sums[2] + sums[3]);
    }

    /**
     * norms[h] = ‖W[:, h] + scale · Aᵀ · B[h, :]‖₂: the same for an embedding, whose outputs are its columns.
     *
     * @param table (V, H), any computable type
     * @param a     (r, V)
     * @param b     (H, r)
     * @param scale factor on (B·A)ᵀ
     * @return H norms
     */
    public float[] columnNorms(Tensor table, Tensor a, Tensor b, float scale) {
        int rows = Math.toIntExact(table.shape().size(0)), n = Math.toIntExact(table.shape().size(1)), rank = Math.toIntExact(a.shape().size(0));
        int chunk = (int) Math.max(1, Math.min(rows, CHUNK / n));
        double[] squares = new double[n];
        float[] weights = new float[chunk * n], updates = new float[chunk * n];
        int[] ids = new int[chunk];
        try (Tensor gathered = kernels.allocate("columns of A", Shape.of(chunk, rank)); Tensor scratch = kernels.allocate("a part of the update", Shape.of(chunk, n))) {
            for (int from = 0; from < rows; from += chunk) {
                int count = Math.min(chunk, rows - from);
                for (int i = 0; i < count; i++) ids[i] = from + i;
                gatherColumns(a, ids, gathered.rows(0, count));
                kernels.matmul(gathered.rows(0, count), false, b, true, scratch.rows(0, count), false);
                kernels.download(scratch.rows(0, count), updates);
                kernels.download(table.rows(from, count), weights);
                region.run(n, column -> {
                    for (int at = column; at < count * n; at += n) {
                        double value = Math.fma(scale, updates[at], weights[at]);
                        squares[column] += value * value;
                    }
                });
            }
        }
        float[] norms = new float[n];
        for (int i = 0; i < n; i++) norms[i] = (float) Math.sqrt(squares[i]);
        return norms;
    }

    /**
     * y (+)= x · factor + bias, factor and bias one a column.
     *
     * @param x          (t, n)
     * @param factor     n of them
     * @param bias       (n), any computable type; or null
     * @param y          like x; may be x
     * @param accumulate whether y's old values are kept and added to
     */
    public void scaleColumns(Tensor x, float[] factor, Tensor bias, Tensor y, boolean accumulate) {
        int n = factor.length, rows = Math.toIntExact(x.shape().elements() / n);
        MemorySegment from = x.segment(), to = y.segment();
        float[] added = bias == null ? null : Rows.widen(bias);
        region.run(rows, row -> {
            float[] in = new float[n], out = new float[n];
            Rows.read(from, (long) row * n, in, n);
            if (accumulate) Rows.read(to, (long) row * n, out, n);
            else if (added != null) System.arraycopy(added, 0, out, 0, n);
            for (int i = 0; i < n; i++) out[i] = Math.fma(in[i], factor[i], out[i]);
            Rows.write(out, to, (long) row * n, n);
        });
    }

    /**
     * sums[o] += Σ_t dy[t, o] · u[t, o] / divisor[o]: the gradient of DoRA's magnitudes.
     *
     * @param dy      (t, n)
     * @param u       like dy
     * @param divisor n of them
     * @param sums    (n)
     */
    public void columnDots(Tensor dy, Tensor u, float[] divisor, Tensor sums) {
        int n = divisor.length, width = 256;
        long rows = dy.shape().elements() / n;
        MemorySegment left = dy.segment(), right = u.segment(), to = sums.segment();
        region.run((n + width - 1) / width, part -> {
            int at = part * width, count = Math.min(width, n - at);
            double[] sum = new double[count];
            float[] a = new float[count], b = new float[count];
            for (long row = 0; row < rows; row++) {
                Rows.read(left, row * n + at, a, count);
                Rows.read(right, row * n + at, b, count);
                for (int i = 0; i < count; i++) sum[i] += (double) a[i] * b[i];
            }
            Rows.read(to, at, a, count);
            for (int i = 0; i < count; i++) a[i] += (float) (sum[i] / divisor[at + i]);
            Rows.write(a, to, at, count);
        });
    }

    /**
     * y (+)= x / (1 − p) where a random number says so, and 0 elsewhere: dropout, whose gradient is itself. The numbers depend on
     * the key and on an element's place only, so that the same key gives the same mask again.
     *
     * @param x          any shape
     * @param p          the share that is dropped, from 0 to below 1
     * @param key        of the random numbers
     * @param y          like x; may be x
     * @param accumulate whether y's old values are kept and added to
     */
    public void dropout(Tensor x, float p, long key, Tensor y, boolean accumulate) {
        long elements = x.shape().elements(), threshold = (long) (p * 0x1p32);
        float kept = 1 / (1 - p);
        MemorySegment from = x.segment(), to = y.segment();
        region.run(Math.toIntExact((elements + PART - 1) / PART), part -> {
            long first = (long) part * PART;
            int n = (int) Math.min(PART, elements - first);
            float[] in = new float[n], out = new float[n];
            Rows.read(from, first, in, n);
            if (accumulate) Rows.read(to, first, out, n);
            for (int i = 0; i < n; i++) {
                long number = mix(key + ((first + i) >>> 1) * GAMMA) >>> (i & 1) * 32 & 0xFFFFFFFFL;
                if (number >= threshold) out[i] = Math.fma(in[i], kept, out[i]);
            }
            Rows.write(out, to, first, n);
        });
    }

    /**
     * The finaliser of SplitMix64: a bijection after which every bit depends on every bit.
     *
     * @param z any number
     * @return the mixed number
     */
    public static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /**
     * y[t, :] = A[:, ids[t]]: an adapted embedding's first factor.
     *
     * @param a   (r, V)
     * @param ids as many as y has rows are read
     * @param y   (t, r)
     */
    public void gatherColumns(Tensor a, int[] ids, Tensor y) {
        int rank = Math.toIntExact(a.shape().size(0)), rows = Math.toIntExact(y.shape().size(0));
        long vocabulary = a.shape().size(1);
        MemorySegment from = a.segment(), to = y.segment();
        region.run(rank, k -> {
            for (int t = 0; t < rows; t++) to.setAtIndex(JAVA_FLOAT_UNALIGNED, (long) t * rank + k, from.getAtIndex(JAVA_FLOAT_UNALIGNED, k * vocabulary + ids[t]));
        });
    }

    /**
     * dA[:, ids[t]] += dy[t, :]: the gradient of {@link #gatherColumns}.
     *
     * @param dy  (t, r)
     * @param ids as many as dy has rows are read
     * @param da  (r, V)
     */
    public void scatterColumns(Tensor dy, int[] ids, Tensor da) {
        int rank = Math.toIntExact(da.shape().size(0)), rows = Math.toIntExact(dy.shape().size(0));
        long vocabulary = da.shape().size(1);
        MemorySegment from = dy.segment(), to = da.segment();
        region.run(rank, k -> {
            for (int t = 0; t < rows; t++) {
                long at = k * vocabulary + ids[t];
                to.setAtIndex(JAVA_FLOAT_UNALIGNED, at, to.getAtIndex(JAVA_FLOAT_UNALIGNED, at) + from.getAtIndex(JAVA_FLOAT_UNALIGNED, (long) t * rank + k));
            }
        });
    }

    /**
     * y = factor · [left | right], factor one a row.
     *
     * @param left   (t, n), any computable type
     * @param right  (t, m) F32
     * @param factor t of them; or null for ones
     * @param y      (t, n + m)
     */
    public void joinColumns(Tensor left, Tensor right, float[] factor, Tensor y) {
        int n = Math.toIntExact(left.shape().size(1)), m = Math.toIntExact(right.shape().size(1)), rows = Math.toIntExact(y.shape().size(0));
        MemorySegment second = right.segment(), to = y.segment();
        region.run(rows, row -> {
            float[] some = Arrays.copyOf(Rows.widen(left.rows(row, 1)), n + m), last = new float[m];
            Rows.read(second, (long) row * m, last, m);
            System.arraycopy(last, 0, some, n, m);
            if (factor != null) for (int i = 0; i < n + m; i++) some[i] *= factor[row];
            Rows.write(some, to, (long) row * (n + m), n + m);
        });
    }

    /**
     * part += factor · x[:, at : at + m], m the part's columns: the gradient of {@link #joinColumns}.
     *
     * @param x      (t, n)
     * @param at     the first column
     * @param factor t of them; or null for ones
     * @param part   (t, m)
     */
    public void addColumns(Tensor x, int at, float[] factor, Tensor part) {
        int n = Math.toIntExact(x.shape().size(1)), m = Math.toIntExact(part.shape().size(1)), rows = Math.toIntExact(part.shape().size(0));
        MemorySegment from = x.segment(), to = part.segment();
        region.run(rows, row -> {
            float[] in = new float[m], out = new float[m];
            Rows.read(from, (long) row * n + at, in, m);
            Rows.read(to, (long) row * m, out, m);
            for (int i = 0; i < m; i++) out[i] = Math.fma(in[i], factor == null ? 1 : factor[row], out[i]);
            Rows.write(out, to, (long) row * m, m);
        });
    }

    /**
     * sums[v] += Σ_i dy[v, i] · y[v, i] / divisor[v]: DoRA's magnitudes where outputs are rows.
     *
     * @param dy      (V, n)
     * @param y       like dy
     * @param divisor V of them
     * @param sums    (V)
     */
    public void rowDots(Tensor dy, Tensor y, float[] divisor, Tensor sums) {
        int n = Math.toIntExact(dy.shape().size(1));
        MemorySegment left = dy.segment(), right = y.segment(), to = sums.segment();
        region.run(divisor.length, row -> {
            float[] a = new float[n], b = new float[n];
            Rows.read(left, (long) row * n, a, n);
            Rows.read(right, (long) row * n, b, n);
            double sum = 0;
            for (int i = 0; i < n; i++) sum += (double) a[i] * b[i];
            to.setAtIndex(JAVA_FLOAT_UNALIGNED, row, to.getAtIndex(JAVA_FLOAT_UNALIGNED, row) + (float) (sum / divisor[row]));
        });
    }
}
