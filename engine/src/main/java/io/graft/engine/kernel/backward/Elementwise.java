package io.graft.engine.kernel.backward;

import io.graft.engine.kernel.Activation;
import io.graft.engine.memory.Tensor;
import java.lang.foreign.MemorySegment;

/** Gradients of what works element by element, sums over rows, and the optimizer's step. */
final class Elementwise {

    /** Elements a part. */
    private static final int PART = 8192;

    private Elementwise() {}

    /**
     * The gated MLP y = f(gate)·up.
     *
     * <pre>
     *   SILU       f(x) = x·σ(x)                           f' = σ·(1 + x·(1 − σ)),  σ = 1/(1 + exp(−x))
     *   GELU_TANH  f(x) = x·σ(2u), u = √(2/π)(x + 0.044715x³)   f' = σ + x·σ·(1 − σ)·2·√(2/π)(1 + 3·0.044715x²)
     *   dgate = dy·up·f'(gate)     dup = dy·f(gate)
     * </pre>
     */
    static void gate(Region region, Activation activation, Tensor gate, Tensor up, Tensor dy, Tensor dGate, Tensor dUp) {
        long elements = gate.shape().elements();
        MemorySegment gates = gate.segment(), ups = up.segment(), dys = dy.segment(), dGates = dGate.segment(), dUps = dUp.segment();
        region.run(parts(elements), part -> {
            long from = (long) part * PART;
            int n = (int) Math.min(PART, elements - from);
            float[] x = new float[n], u = new float[n], d = new float[n];
            Rows.read(gates, from, x, n);
            Rows.read(ups, from, u, n);
            Rows.read(dys, from, d, n);
            for (int i = 0; i < n; i++) {
                double z = x[i], inner = activation == Activation.SILU ? z : 2 * ROOT * (z + CUBE * z * z * z);
                double sigma = 1 / (1 + StrictMath.exp(-inner)), slope = activation == Activation.SILU ? 1 : 2 * ROOT * (1 + 3 * CUBE * z * z);
                float value = (float) (z * sigma), derivative = (float) (sigma + z * sigma * (1 - sigma) * slope);
                x[i] = d[i] * u[i] * derivative;
                u[i] = d[i] * value;
            }
            Rows.write(x, dGates, from, n);
            Rows.write(u, dUps, from, n);
        });
    }

    private static final double ROOT = Math.sqrt(2 / Math.PI), CUBE = 0.044715;

    /** sums += Σ_rows dy, split by columns. */
    static void columnSums(Region region, Tensor dy, Tensor sums) {
        int n = Math.toIntExact(sums.shape().elements()), width = 256;
        long rows = dy.shape().elements() / n;
        MemorySegment from = dy.segment(), to = sums.segment();
        region.run((n + width - 1) / width, part -> {
            int at = part * width, count = Math.min(width, n - at);
            float[] sum = new float[count], row = new float[count];
            Rows.read(to, at, sum, count);
            for (long r = 0; r < rows; r++) {
                Rows.read(from, r * n + at, row, count);
                for (int i = 0; i < count; i++) sum[i] += row[i];
            }
            Rows.write(sum, to, at, count);
        });
    }

    /** dTable[ids[row]] += scale · dy[row], split by columns, rows in order: an id may stand twice. */
    static void embed(Region region, int[] ids, float scale, Tensor dy, Tensor dTable) {
        int n = Math.toIntExact(dTable.shape().columns()), width = 64, rows = Math.toIntExact(dy.shape().elements() / n);
        MemorySegment from = dy.segment(), to = dTable.segment();
        region.run((n + width - 1) / width, part -> {
            int at = part * width, count = Math.min(width, n - at);
            float[] sum = new float[count], row = new float[count];
            for (int r = 0; r < rows; r++) {
                long place = (long) ids[r] * n + at;
                Rows.read(to, place, sum, count);
                Rows.read(from, (long) r * n + at, row, count);
                Rows.axpy(scale, row, 0, sum, 0, count);
                Rows.write(sum, to, place, count);
            }
        });
    }

    /**
     * One step of AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101), in PyTorch's order.
     *
     * <pre>
     *   p *= 1 − lr·decay;  m += (1 − b1)·(g − m);  v = b2·v + (1 − b2)·g²
     *   p −= lr/c1 · m / (sqrt(v)/sqrt(c2) + eps)          c1 = 1 − b1^t, c2 = 1 − b2^t;  g first times factor (clipping)
     * </pre>
     */
    static void adamW(Region region, Tensor p, Tensor g, Tensor m, Tensor v, AdamWStep step) {
        long elements = p.shape().elements();
        MemorySegment ps = p.segment(), gs = g.segment(), ms = m.segment(), vs = v.segment();
        float keep = (float) (1 - step.rate() * step.decay()), rate = (float) (step.rate() / step.correction1()), root = (float) Math.sqrt(step.correction2());
        float b1 = (float) step.beta1(), b2 = (float) step.beta2(), rest1 = (float) (1 - step.beta1()), rest2 = (float) (1 - step.beta2());
        float eps = (float) step.epsilon(), factor = (float) step.factor();
        region.run(parts(elements), part -> {
            long from = (long) part * PART;
            int n = (int) Math.min(PART, elements - from);
            float[] w = new float[n], d = new float[n], mean = new float[n], square = new float[n];
            Rows.read(ps, from, w, n);
            Rows.read(gs, from, d, n);
            Rows.read(ms, from, mean, n);
            Rows.read(vs, from, square, n);
            for (int i = 0; i < n; i++) {
                float gradient = d[i] * factor;
                mean[i] = b1 * mean[i] + rest1 * gradient;
                square[i] = b2 * square[i] + rest2 * gradient * gradient;
                w[i] = w[i] * keep - rate * mean[i] / ((float) Math.sqrt(square[i]) / root + eps);
            }
            Rows.write(w, ps, from, n);
            Rows.write(mean, ms, from, n);
            Rows.write(square, vs, from, n);
        });
    }

    /** Σ g², in double: parts of fixed size, each summed in order, then added in order. */
    static double sumOfSquares(Region region, Tensor g) {
        long elements = g.shape().elements();
        double[] sums = new double[parts(elements)];
        MemorySegment from = g.segment();
        region.run(sums.length, part -> {
            long at = (long) part * PART;
            int n = (int) Math.min(PART, elements - at);
            float[] d = new float[n];
            Rows.read(from, at, d, n);
            double[] lane = new double[8];
            for (int i = 0; i < n; i++) lane[i & 7] += (double) d[i] * d[i];
            sums[part] = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
        });
        double all = 0;
        for (double sum : sums) all += sum;
        return all;
    }

    static int parts(long elements) { return Math.toIntExact((elements + PART - 1) / PART); }
}
