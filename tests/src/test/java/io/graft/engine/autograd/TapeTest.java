package io.graft.engine.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.RopeStyle;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every operation of the tape at prime sizes against double: see {@link OpCheck}. T rows, IN and OUT columns. */
class TapeTest {

    private static final int T = 7, IN = 67, OUT = 13;

    private final OpCheck op = new OpCheck();

    @AfterEach
    void close() { op.close(); }

    @Test
    void linear() {
        op.value(T, IN).weight(OUT, IN).weight(OUT).check(IN + 1, (tape, x, w) -> tape.linear(x[0], w[0], w[1]), in -> Loops.linear(in[0], in[1], in[2], T, IN, OUT));
    }

    /** ⟨A x, y⟩ = ⟨x, Aᵀ y⟩ by the engine's own numbers alone, for the maps that are linear. n terms an element, and T·OUT elements a product. */
    @Test
    void linearRopeAndEmbeddingHaveTheirAdjoints() {
        Tensor x = op.fill(Shape.of(T, IN), -1, 1), w = op.fill(Shape.of(OUT, IN), -1, 1), table = op.fill(Shape.of(31, OUT), -1, 1), gradient = op.fill(Shape.of(31, OUT), 0, 1);
        adjoint(x, IN, (tape, in) -> tape.linear(in, new Parameter("w", w, null), null));
        Tensor q = op.fill(Shape.of(T, 2 * 22), -1, 1);
        for (RopeStyle style : RopeStyle.values())
            adjoint(q, 2, (tape, in) -> {
                tape.rope(in, 22, angles(8), style);
                return in;
            });
        int[] ids = {3, 30, 3, 0, 17, 3, 8};
        gradient.segment().fill((byte) 0);
        try (Tape tape = new Tape(op.kernels, op.gradients)) {
            Value y = tape.embed(new Parameter("table", table, gradient), ids, T, 1.5f);
            Tensor seed = op.fill(Shape.of(T, OUT), -1, 1);
            y.gradient = tape.pool.take(seed.shape());
            op.kernels.copy(seed, y.gradient);
            double forward = OpCheck.inner(op.doubles(y.data()), op.doubles(seed));
            tape.backward();
            assertEquals(forward, OpCheck.inner(op.doubles(table), op.doubles(gradient)), T * OUT * 4 * 0x1p-24);
        }
    }

    private interface Map {
        Value run(Tape tape, Value x);
    }

    private void adjoint(Tensor x, int terms, Map map) {
        try (Tape tape = new Tape(op.kernels, op.gradients)) {
            Value in = tape.value(x.shape(), true);
            op.kernels.copy(x, in.data);
            double[][] back = new double[1][];
            double[] start = op.doubles(x);
            tape.backward.add(() -> back[0] = op.doubles(in.gradient));
            Value y = map.run(tape, in);
            Tensor seed = op.fill(y.data().shape(), -1, 1);
            y.gradient = tape.pool.take(seed.shape());
            op.kernels.copy(seed, y.gradient);
            double forward = OpCheck.inner(op.doubles(y.data()), op.doubles(seed));
            tape.backward();
            // All numbers are below 1: an element of either side is at most `terms` of them, each rounded once.
            assertEquals(forward, OpCheck.inner(start, back[0]), seed.shape().elements() * (double) terms * terms * 0x1p-24);
        }
    }

    @Test
    void embed() {
        int[] ids = {3, 30, 3, 0, 17, 3, 8};
        op.weight(31, OUT).check(4, (tape, _, w) -> tape.embed(w[0], ids, T, 1.5f), in -> {
            double[] y = new double[T * OUT];
            for (int t = 0; t < T; t++) for (int i = 0; i < OUT; i++) y[t * OUT + i] = 1.5 * in[0][ids[t] * OUT + i];
            return y;
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void rmsNorm(boolean unitOffset) {
        op.value(T, IN).weight(IN).check(IN + T, (tape, x, w) -> tape.rmsNorm(x[0], w[0], 1e-5f, unitOffset), in -> Loops.norm(in[0], in[1], 1e-5f, unitOffset, false));
    }

    /** Heads of T rows, as those of queries: rows of the gain's length. */
    @Test
    void rmsNormOfHeads() {
        op.value(T, 3 * OUT).weight(OUT).check(OUT + 3 * T, (tape, x, w) -> tape.rmsNorm(x[0], w[0], 1e-5f, false), in -> Loops.norm(in[0], in[1], 1e-5f, false, false));
    }

    @Test
    void layerNorm() {
        op.value(T, IN).weight(IN).check(IN + T, (tape, x, w) -> tape.layerNorm(x[0], w[0], 1e-5f), in -> Loops.norm(in[0], in[1], 1e-5f, false, true));
    }

    @ParameterizedTest
    @EnumSource(RopeStyle.class)
    void rope(RopeStyle style) {
        Tape.Angles angles = angles(8); // of heads of 22: 16 elements turn, 6 do not
        double[] cos = op.doubles(angles.cos()), sin = op.doubles(angles.sin());
        op.value(T, 3 * 22).check(4, (tape, x, _) -> {
            // In place, so that what was before needs a value of its own.
            Value y = tape.add(x[0], x[0]);
            tape.rope(y, 22, angles, style);
            return y;
        }, in -> Loops.rope(in[0], 2, 22, 8, cos, sin, style == RopeStyle.HALVES));
    }

    private Tape.Angles angles(int half) {
        int[] rows = new int[T];
        float[] cos = new float[T * half], sin = new float[T * half], minus = new float[T * half];
        for (int t = 0; t < T; t++) {
            rows[t] = t;
            for (int i = 0; i < half; i++) {
                cos[t * half + i] = (float) Math.cos(t / (1 + 0.7 * i));
                sin[t * half + i] = (float) Math.sin(t / (1 + 0.7 * i));
                minus[t * half + i] = -sin[t * half + i];
            }
        }
        Tensor[] tables = new Tensor[3];
        float[][] all = {cos, sin, minus};
        for (int i = 0; i < 3; i++) {
            tables[i] = op.fill(Shape.of(T, half), 0, 1);
            op.kernels.upload(all[i], tables[i]);
        }
        return new Tape.Angles(tables[0], tables[1], tables[2], rows);
    }

    /** Two texts of 11 and 2 rows; a window that bites, a cap that bends. */
    @ParameterizedTest
    @CsvSource({"3, 1, 0, 0", "2, 2, 4, 0", "4, 2, 0, 2.5", "6, 3, 3, 1.5"})
    void attention(int heads, int kvHeads, int window, float cap) {
        int rows = 13, headDim = 5;
        Sequences sequences = new Sequences().add(0, 11, 0, 11).add(11, 2, 11, 2);
        AttentionSpec spec = new AttentionSpec(heads, kvHeads, headDim, 0.75f, window, cap);
        // Two sums over the keys, one over the head, and one over the heads of a group; exp and division besides.
        op.value(rows, (long) heads * headDim).value(rows, (long) kvHeads * headDim).value(rows, (long) kvHeads * headDim).check(2 * rows + 3 * headDim + heads,
                (tape, x, _) -> tape.attention(x[0], x[1], x[2], sequences, spec), in -> Loops.attention(in, sequences, spec, rows));
    }

    @ParameterizedTest
    @EnumSource(Activation.class)
    void gate(Activation activation) {
        op.value(T, IN).value(T, IN).check(6, (tape, x, _) -> tape.gate(activation, x[0], x[1]), in -> Loops.gate(activation, in[0], in[1]));
    }

    @Test
    void add() {
        op.value(T, IN).value(T, IN).check(3, (tape, x, _) -> tape.add(x[0], x[1]), in -> {
            double[] y = new double[T * IN];
            for (int i = 0; i < y.length; i++) y[i] = in[0][i] + in[1][i];
            return y;
        });
    }

    /** A value that is read twice gets both gradients. */
    @Test
    void whatIsReadTwiceGetsBothGradients() {
        op.value(T, IN).weight(IN).check(IN + T, (tape, x, w) -> tape.add(x[0], tape.rmsNorm(x[0], w[0], 1e-5f, false)), in -> {
            double[] y = Loops.norm(in[0], in[1], 1e-5f, false, false);
            for (int i = 0; i < y.length; i++) y[i] += in[0][i];
            return y;
        });
    }

    /** A vocabulary of more than one part; some rows count nothing. */
    @ParameterizedTest
    @CsvSource({"1, 0", "0.125, 0", "1, 3", "0.5, 1.25"})
    void crossEntropy(float scale, float cap) {
        int vocabulary = 2051, n = 11;
        int[] targets = {5, -1, 2050, 0, 2048, -1, 5};
        float weight = 0.2f;
        try (OpCheck check = new OpCheck()) {
            check.value(T, n).weightWithin(-0.5, 0.5, vocabulary, n);
            double[][] in = check.inputs();
            double[][] slopes = Loops.crossEntropyGradients(in[0], in[1], scale, cap, targets, weight, T, n, vocabulary);
            // Logits are sums of n; a loss sums exp over the vocabulary, hidden's gradient too, whose terms are shares that sum to one.
            double tolerance = Math.pow(4 * n, 1.5) * 0x1p-24;
            try (Tape tape = new Tape(check.kernels, check.gradients)) {
                double[][] got = new double[1][];
                check.lossOf(tape, got, (t, x, w) -> {
                    double loss = t.crossEntropy(x[0], w[0], scale, cap, targets, weight);
                    double want = Loops.crossEntropy(in[0], in[1], scale, cap, targets, T, n, vocabulary);
                    assertEquals(want, loss, want * tolerance);
                });
                OpCheck.near("gradient of hidden", got[0], slopes[0], tolerance);
                OpCheck.near("gradient of the head", check.weightGradient(0), slopes[1], tolerance);
            }
        }
    }
}
