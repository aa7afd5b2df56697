package io.graft.engine.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.graft.engine.kernel.backward.AdapterMath;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The operations of adapters at prime sizes against double: see {@link OpCheck}. DoRA's norms are constants of the loop, as the gradient has them. */
class AdapterOpsTest {

    private static final int T = 7, IN = 67, OUT = 13, R = 3, V = 31;
    private static final float SCALE = 1.75f, DROPPED = 0.4f;
    private static final long KEY = 99;

    private final OpCheck op = new OpCheck();

    @AfterEach
    void close() { op.close(); }

    @ParameterizedTest
    @ValueSource(floats = {0, DROPPED})
    void lora(float dropout) {
        double[] mask = mask(dropout, T, IN);
        op.value(T, IN).weight(OUT, IN).weight(OUT).weight(R, IN).weight(OUT, R);
        op.check(IN + R + 4, (tape, x, w) -> new AdapterOps(tape).linear(x[0], w[0], w[1], new LowRank(w[2], w[3], null, SCALE, dropout), KEY),
                in -> adapted(in[0], in[1], in[3], in[4], mask, null, null, in[2]));
    }

    @ParameterizedTest
    @ValueSource(floats = {0, DROPPED})
    void dora(float dropout) {
        double[] mask = mask(dropout, T, IN);
        op.value(T, IN).weight(OUT, IN).weight(OUT).weight(R, IN).weight(OUT, R).weight(OUT);
        double[][] start = op.inputs();
        double[] norms = norms(start[1], start[3], start[4], OUT, IN);
        // The weight itself is frozen under DoRA wherever Graft trains one: its gradient here is that beside a constant norm as well.
        op.check(2 * IN + R + 4, (tape, x, w) -> new AdapterOps(tape).linear(x[0], w[0], w[1], new LowRank(w[2], w[3], w[4], SCALE, dropout), KEY),
                in -> adapted(in[0], in[1], in[3], in[4], mask, in[5], norms, in[2]));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void embedding(boolean dora) {
        int[] ids = {3, 30, 3, 0, 17, 3, 8};
        op.weight(V, OUT).weight(R, V).weight(OUT, R);
        if (dora) op.weight(OUT);
        double[][] start = op.inputs();
        double[] norms = dora ? columnNorms(start[0], start[1], start[2]) : null;
        op.check(V + R + 2 * T, (tape, _, w) -> new AdapterOps(tape).embed(w[0], ids, T, 2.5f, new LowRank(w[1], w[2], dora ? w[3] : null, SCALE, DROPPED)), in -> {
            double[] y = new double[T * OUT];
            for (int t = 0; t < T; t++)
                for (int o = 0; o < OUT; o++) {
                    double sum = in[0][ids[t] * OUT + o];
                    for (int k = 0; k < R; k++) sum += SCALE * in[1][k * V + ids[t]] * in[2][o * R + k];
                    y[t * OUT + o] = 2.5 * sum * (dora ? in[3][o] / norms[o] : 1);
                }
            return y;
        });
    }

    /** The losses of an adapted head are those of the head W + s·B·A, with rows scaled under DoRA. */
    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void head(boolean dora, boolean frozen) {
        int n = 11;
        int[] targets = {5, -1, 30, 0, 28, -1, 5};
        op.value(T, n).weight(V, n).weight(R, n).weight(V, R);
        if (dora) op.weight(V);
        double[][] in = op.inputs();
        double[] norms = dora ? norms(in[1], in[2], in[3], V, n) : null;
        double[] mask = mask(DROPPED, T, n);
        OpCheck.Loop loop = x -> new double[] {Losses.sum(adapted(x[0], x[1], x[2], x[3], mask, dora ? x[4] : null, norms, null), targets, V)};
        double[][] got = new double[1][];
        double tolerance = Math.pow(4 * n, 1.5) * 0x1p-24;
        try (Tape tape = new Tape(op.kernels, op.gradients)) {
            op.lossOf(tape, got, (t, x, w) -> {
                Parameter matrix = frozen ? new Parameter("frozen", w[0].value(), null) : w[0];
                AdapterOps.Head head = new AdapterOps(t).head(x[0], matrix, new LowRank(w[1], w[2], dora ? w[3] : null, SCALE, DROPPED), KEY);
                double want = loop.run(in)[0];
                assertEquals(want, t.crossEntropy(head, 1, 0, targets, 1), want * tolerance);
            });
        }
        OpCheck.near("gradient of hidden", got[0], OpCheck.differences(in, 0, new double[] {1}, loop), tolerance);
        for (int i = frozen ? 2 : 1; i < in.length; i++) OpCheck.near("gradient of input " + i, op.weightGradient(i - 1), OpCheck.differences(in, i, new double[] {1}, loop), tolerance);
    }

    /** ⟨D x, y⟩ = ⟨x, D y⟩; the share that is dropped; and the same key the same mask, wherever a part begins. */
    @Test
    void dropoutIsItsOwnAdjointAndDependsOnTheKeyAlone() {
        int rows = 131, columns = 257; // over two parts of 8192
        AdapterMath math = op.gradients.adapters();
        Tensor x = op.fill(Shape.of(rows, columns), 0.5, 1), y = op.fill(Shape.of(rows, columns), 0.5, 1), dx = op.fill(x.shape(), 0, 1), dy = op.fill(x.shape(), 0, 1);
        math.dropout(x, DROPPED, KEY, dx, false);
        math.dropout(y, DROPPED, KEY, dy, false);
        double[] kept = op.doubles(dx);
        assertEquals(OpCheck.inner(kept, op.doubles(y)), OpCheck.inner(op.doubles(x), op.doubles(dy)), rows * columns * 2 / 0.6 * 2 * 0x1p-24);
        long dropped = Arrays.stream(kept).filter(value -> value == 0).count();
        double expected = DROPPED * rows * columns;
        assertEquals(expected, dropped, 5 * Math.sqrt(expected * (1 - DROPPED)), "five standard deviations");
        Tensor again = op.fill(x.shape(), 0, 1), other = op.fill(x.shape(), 0, 1);
        math.dropout(x, DROPPED, KEY, again, false);
        math.dropout(x, DROPPED, KEY + 1, other, false);
        assertArrayEquals(kept, op.doubles(again));
        assertFalse(Arrays.equals(kept, op.doubles(other)));
        math.dropout(x, DROPPED, KEY, again, true);
        double[] twice = op.doubles(again);
        for (int i = 0; i < twice.length; i++) assertEquals(2 * kept[i], twice[i], Math.abs(kept[i]) * 0x1p-22);
    }

    /** Nothing is dropped, and nothing recorded, where no gradient is wanted. */
    @Test
    void lossesAloneDropNothing() {
        Tensor x = op.fill(Shape.of(T, IN), -1, 1), w = op.fill(Shape.of(OUT, IN), -1, 1), a = op.fill(Shape.of(R, IN), -1, 1), b = op.fill(Shape.of(OUT, R), -1, 1);
        LowRank dropping = new LowRank(new Parameter("a", a, a), new Parameter("b", b, b), null, SCALE, DROPPED), plain = new LowRank(dropping.a(), dropping.b(), null, SCALE, 0);
        try (Tape tape = new Tape(op.kernels, op.gradients)) {
            tape.record(false);
            double[][] y = new double[2][];
            for (int i = 0; i < 2; i++) {
                Value in = tape.value(x.shape(), true);
                op.kernels.copy(x, in.data);
                Value out = new AdapterOps(tape).linear(in, new Parameter("w", w, null), null, i == 0 ? dropping : plain, KEY);
                assertFalse(out.needsGradient());
                y[i] = op.doubles(out.data());
            }
            assertArrayEquals(y[1], y[0]);
            assertEquals(0, tape.backward.size());
            tape.clear();
        }
    }

    /** (m / n) ⊙ (x Wᵀ + s · ((mask · x) Aᵀ) Bᵀ) + bias. */
    private static double[] adapted(double[] x, double[] w, double[] a, double[] b, double[] mask, double[] magnitude, double[] norms, double[] bias) {
        int rank = R, in = a.length / rank, out = b.length / rank, rows = x.length / in;
        double[] dropped = x.clone();
        for (int i = 0; i < x.length; i++) dropped[i] *= mask[i];
        double[] y = Loops.linear(x, w, null, rows, in, out), up = Loops.linear(Loops.linear(dropped, a, null, rows, in, rank), b, null, rows, rank, out);
        for (int i = 0; i < y.length; i++)
            y[i] = (y[i] + SCALE * up[i]) * (magnitude == null ? 1 : magnitude[i % out] / norms[i % out]) + (bias == null ? 0 : bias[i % out]);
        return y;
    }

    private static double[] norms(double[] w, double[] a, double[] b, int out, int in) {
        double[] norms = new double[out];
        for (int o = 0; o < out; o++) {
            for (int i = 0; i < in; i++) {
                double sum = w[o * in + i];
                for (int k = 0; k < R; k++) sum += SCALE * b[o * R + k] * a[k * in + i];
                norms[o] += sum * sum;
            }
            norms[o] = Math.sqrt(norms[o]);
        }
        return norms;
    }

    private static double[] columnNorms(double[] table, double[] a, double[] b) {
        double[] norms = new double[OUT];
        for (int o = 0; o < OUT; o++) {
            for (int v = 0; v < V; v++) {
                double sum = table[v * OUT + o];
                for (int k = 0; k < R; k++) sum += SCALE * a[k * V + v] * b[o * R + k];
                norms[o] += sum * sum;
            }
            norms[o] = Math.sqrt(norms[o]);
        }
        return norms;
    }

    /** What dropout multiplies by, as the engine says. */
    private double[] mask(float dropout, int rows, int columns) {
        double[] ones = new double[rows * columns];
        Arrays.fill(ones, 1);
        if (dropout == 0) return ones;
        Tensor tensor = op.fill(Shape.of(rows, columns), 1, 1.0000001);
        float[] values = new float[ones.length];
        Arrays.fill(values, 1);
        op.kernels.upload(values, tensor);
        op.gradients.adapters().dropout(tensor, dropout, KEY, tensor, false);
        return op.doubles(tensor);
    }

    /** Losses of given logits. */
    private static final class Losses {
        private Losses() {}

        static double sum(double[] logits, int[] targets, int vocabulary) {
            double loss = 0;
            for (int row = 0; row < targets.length; row++) {
                if (targets[row] < 0) continue;
                double sum = 0;
                for (int v = 0; v < vocabulary; v++) sum += Math.exp(logits[row * vocabulary + v]);
                loss += Math.log(sum) - logits[row * vocabulary + targets[row]];
            }
            return loss;
        }
    }
}
