package io.graft.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Every operation against its formula in double. A bound is UNIT times the roundings of the longest chain times the sum of
 * magnitudes; sizes are primes, so that every vector width has a tail.
 */
class KernelsTest {

    /** Half a unit in the last place of 1: what one rounding changes at most, relatively. */
    private static final double UNIT = 0x1p-24;

    private static Kernels kernels;

    @BeforeAll
    static void open() { kernels = Kernels.open(null, 2); }

    @AfterAll
    static void close() { kernels.close(); }

    @Test
    void productsOfAllTransposesAndTypes() {
        int m = 37, n = 71, k = 601;
        for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16})
            for (int flags = 0; flags < 8; flags++) product(type, m, n, k, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0);
        product(DType.F32, 1, 1, 1, false, false, false);
        product(DType.F32, 5, 3, 0, false, true, false);
        product(DType.F32, 6, 16, 256, false, true, true);
    }

    private static void product(DType type, int m, int n, int k, boolean ta, boolean tb, boolean accumulate) {
        try (Tensor a = ta ? Sample.random("a", DType.F32, 1, k, m) : Sample.random("a", DType.F32, 1, m, k);
                Tensor b = tb ? Sample.random("b", type, 2, n, k) : Sample.random("b", type, 2, k, n);
                Tensor c = Sample.filled("c", 3, m, n)) {
            kernels.matmul(a, ta, b, tb, c, accumulate);
            double[] av = Sample.values(a), bv = Sample.values(b), cv = Sample.values(c);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = accumulate ? 3 : 0, magnitude = sum;
                    for (int e = 0; e < k; e++) {
                        double term = av[ta ? e * m + i : i * k + e] * bv[tb ? j * k + e : e * n + j];
                        sum += term;
                        magnitude += Math.abs(term);
                    }
                    assertEquals(sum, cv[i * n + j], magnitude * UNIT * (k + 3), type + " " + ta + tb + accumulate + " " + i + " " + j);
                }
            }
        }
    }

    @Test
    void linearOfFewAndManyRowsWithBias() {
        for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16})
            for (int t : new int[] {1, 3, 8, 9, 29})
                for (int k : new int[] {1, 63, 64, 601}) linear(type, t, k);
    }

    private static void linear(DType type, int t, int k) {
        int n = 53;
        try (Tensor x = Sample.random("x", DType.F32, 3, t, k); Tensor w = Sample.random("w", type, 4, n, k); Tensor bias = Sample.random("b", type, 5, n);
                Tensor y = Sample.filled("y", 7, t, n)) {
            kernels.linear(x, w, bias, y);
            double[] xv = Sample.values(x), wv = Sample.values(w), bv = Sample.values(bias), yv = Sample.values(y);
            for (int i = 0; i < t; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = bv[j], magnitude = Math.abs(sum);
                    for (int e = 0; e < k; e++) {
                        sum += xv[i * k + e] * wv[j * k + e];
                        magnitude += Math.abs(xv[i * k + e] * wv[j * k + e]);
                    }
                    assertEquals(sum, yv[i * n + j], magnitude * UNIT * (k + 3), type + " " + t + " " + k);
                }
            }
        }
    }

    /** Rows of at most FEW go the same way whatever their number. */
    @Test
    void aRowDecodedAloneAndInABatchHasTheSameBits() {
        try (Tensor x = Sample.random("x", DType.F32, 3, 5, 131); Tensor w = Sample.random("w", DType.BF16, 4, 67, 131);
                Tensor together = Sample.filled("y", 7, 5, 67); Tensor alone = Sample.filled("y", 7, 1, 67)) {
            kernels.linear(x, w, null, together);
            for (int row = 0; row < 5; row++) {
                kernels.linear(x.rows(row, 1), w, null, alone);
                assertArrayEquals(java.util.Arrays.copyOfRange(Sample.bits(together), row * 67, row * 67 + 67), Sample.bits(alone));
            }
        }
    }

    @Test
    void attentionSeesWhatItShould() {
        attention(new AttentionSpec(6, 2, 20, 0.3f, 0, 0), new Sequences().add(0, 150, 3, 150).add(160, 40, 170, 301));
        attention(new AttentionSpec(3, 1, 64, 0.125f, 37, 2), new Sequences().add(1, 200, 0, 200).add(201, 1, 250, 200));
        attention(new AttentionSpec(2, 2, 16, 1, 1, 0), new Sequences().add(0, 3, 0, 140));
        attention(new AttentionSpec(1, 1, 256, 0.1f, 0, 30), new Sequences().add(2, 3, 5, 6));
    }

    private static void attention(AttentionSpec spec, Sequences sequences) {
        int queries = 210, keys = 480, d = spec.headDim(), group = spec.heads() / spec.kvHeads();
        try (Tensor q = Sample.random("q", DType.F32, 5, queries, spec.heads() * d); Tensor k = Sample.random("k", DType.F32, 6, keys, spec.kvHeads() * d);
                Tensor v = Sample.random("v", DType.F32, 7, keys, spec.kvHeads() * d); Tensor out = Sample.filled("o", 9, queries, spec.heads() * d)) {
            kernels.attention(q, k, v, sequences, spec, out);
            double[] qv = Sample.values(q), kv = Sample.values(k), vv = Sample.values(v), expected = Sample.values(out);
            java.util.Arrays.fill(expected, 9);
            for (int s = 0; s < sequences.count(); s++)
                for (int i = 0; i < sequences.queries(s); i++)
                    for (int h = 0; h < spec.heads(); h++) {
                        int position = sequences.keys(s) - sequences.queries(s) + i, row = ((sequences.firstQuery(s) + i) * spec.heads() + h) * d;
                        double total = 0;
                        double[] sum = new double[d];
                        for (int j = spec.window() == 0 ? 0 : Math.max(0, position - spec.window() + 1); j <= position; j++) {
                            int key = ((sequences.firstKey(s) + j) * spec.kvHeads() + h / group) * d;
                            double score = 0;
                            for (int e = 0; e < d; e++) score += qv[row + e] * kv[key + e];
                            score *= spec.scale();
                            if (spec.softCap() > 0) score = spec.softCap() * Math.tanh(score / spec.softCap());
                            total += Math.exp(score);
                            for (int e = 0; e < d; e++) sum[e] += Math.exp(score) * vv[key + e];
                        }
                        for (int e = 0; e < d; e++) expected[row + e] = sum[e] / total;
                    }
            // Scores are off by d roundings of at most scale d, exp passes that on; the averages of values within 1 add a chain of a block's keys.
            double bound = UNIT * (2 * d * d * spec.scale() + 2 * spec.softCap() + 128 + 16);
            assertArrayEquals(expected, Sample.values(out), bound);
        }
    }

    @Test
    void norms() {
        int n = 71;
        try (Tensor x = Sample.random("x", DType.F32, 1, 3, 2 * n); Tensor gain = Sample.random("g", DType.BF16, 2, n); Tensor y = Sample.filled("y", 9, 3, 2 * n)) {
            double[] xv = Sample.values(x), g = Sample.values(gain);
            for (int kind = 0; kind < 3; kind++) {
                if (kind < 2) kernels.rmsNorm(x, gain, 1e-5f, kind == 1, y);
                else kernels.layerNorm(x, gain, 1e-5f, y);
                double[] yv = Sample.values(y);
                for (int row = 0; row < 6; row++) {
                    double mean = 0, squares = 0;
                    for (int i = 0; i < n && kind == 2; i++) mean += xv[row * n + i] / n;
                    for (int i = 0; i < n; i++) squares += (xv[row * n + i] - mean) * (xv[row * n + i] - mean) / n;
                    double scale = 1 / Math.sqrt(squares + 1e-5f);
                    for (int i = 0; i < n; i++)
                        assertEquals((xv[row * n + i] - mean) * scale * (g[i] + (kind == 1 ? 1 : 0)), yv[row * n + i], 16 * UNIT * scale * 2, kind + " " + i);
                }
            }
        }
    }

    @Test
    void ropeTurnsPairsOfBothStylesAndLeavesTheRest() {
        int heads = 3, d = 14, half = 5;
        try (Tensor cos = Sample.random("cos", DType.F32, 8, 4, half); Tensor sin = Sample.random("sin", DType.F32, 9, 4, half)) {
            double[] c = Sample.values(cos), s = Sample.values(sin);
            for (RopeStyle style : RopeStyle.values()) {
                try (Tensor x = Sample.random("x", DType.F32, 10, 2, heads * d)) {
                    double[] expected = Sample.values(x);
                    int[] positions = {3, 1};
                    for (int row = 0; row < 2; row++)
                        for (int h = 0; h < heads; h++)
                            for (int i = 0; i < half; i++) {
                                int one = (row * heads + h) * d + (style == RopeStyle.PAIRS ? 2 * i : i), other = one + (style == RopeStyle.PAIRS ? 1 : half);
                                double a = expected[one], b = expected[other], cosine = c[positions[row] * half + i], sine = s[positions[row] * half + i];
                                expected[one] = a * cosine - b * sine;
                                expected[other] = b * cosine + a * sine;
                            }
                    kernels.rope(x, d, cos, sin, positions, style);
                    assertArrayEquals(expected, Sample.values(x), 4 * UNIT, style.toString());
                }
            }
        }
    }

    @Test
    void elementwiseOperations() {
        int n = 20_011;
        try (Tensor a = Sample.random("a", DType.F32, 1, n); Tensor b = Sample.random("b", DType.F32, 2, n); Tensor y = Sample.filled("y", 9, n)) {
            double[] av = Sample.values(a), bv = Sample.values(b);
            kernels.add(a, b, 0.7f, y);
            double[] added = Sample.values(y);
            for (int i = 0; i < n; i++) assertEquals(av[i] + 0.7f * bv[i], added[i], UNIT * 2);
            kernels.scale(a, 30, a);
            av = Sample.values(a);
            kernels.softCap(a, 5, y);
            double[] capped = Sample.values(y);
            for (int i = 0; i < n; i++) assertEquals(5 * Math.tanh(av[i] / 5), capped[i], UNIT * 8 * Math.abs(capped[i]));
            for (Activation activation : Activation.values()) {
                kernels.gate(activation, a, b, y);
                double[] gated = Sample.values(y);
                for (int i = 0; i < n; i++) {
                    double x = av[i], exponent = activation == Activation.SILU ? -x : -1.5957691216057308 * (x + 0.044715 * x * x * x);
                    double expected = x / (1 + Math.exp(exponent)) * bv[i];
                    // The exponent's two roundings grow by its size, exp(-87) and below is gradual.
                    assertEquals(expected, gated[i], Math.abs(expected) * UNIT * (8 + 4 * Math.abs(exponent)) + 0x1p-120, activation + " of " + x);
                }
            }
        }
    }

    @Test
    void embeddingRowsSoftmaxAndArgmax() {
        int n = 101;
        try (Tensor table = Sample.random("t", DType.F16, 1, 7, n); Tensor y = Sample.filled("y", 9, 3, n)) {
            kernels.embed(table, new int[] {6, 0, 6}, 2, y);
            double[] t = Sample.values(table), v = Sample.values(y);
            for (int i = 0; i < n; i++) assertEquals(2 * t[6 * n + i], v[2 * n + i]);
            int[] best = new int[3];
            kernels.argmax(y, best);
            assertEquals(best[0], best[2]);
            for (int i = 0; i < n; i++) assertTrue(v[i] <= v[best[0]]);
            kernels.softmax(y, y);
            double total = 0;
            for (int i = 0; i < n; i++) total += Math.exp(v[i]);
            for (int i = 0; i < n; i++) assertEquals(Math.exp(v[i]) / total, Sample.values(y)[i], UNIT * 16 / n * Math.E * Math.E);
            assertThrows(IllegalArgumentException.class, () -> kernels.embed(table, new int[] {7, 0, 0}, 1, y));
        }
    }

    @Test
    void lossesAreThoseOfTheWholeLogits() {
        int vocabulary = 5003, n = 48;
        for (int t : new int[] {2, 19}) {
            try (Tensor hidden = Sample.random("h", DType.F32, 1, t, n); Tensor head = Sample.random("w", DType.BF16, 2, vocabulary, n);
                    Tensor loss = Sample.filled("l", 9, t); Tensor all = Sample.filled("s", 9, t)) {
                int[] targets = new int[t], best = new int[t];
                for (int i = 0; i < t; i++) targets[i] = i == 1 ? -100 : i * 250;
                kernels.crossEntropy(hidden, head, 0.5f, 3, targets, loss, all, best);
                double[] h = Sample.values(hidden), w = Sample.values(head);
                for (int i = 0; i < t; i++) {
                    double sum = 0, top = Double.NEGATIVE_INFINITY, target = 0;
                    int index = 0;
                    for (int j = 0; j < vocabulary; j++) {
                        double z = 0;
                        for (int e = 0; e < n; e++) z += h[i * n + e] * w[j * n + e];
                        z = 3 * Math.tanh(0.5 * z / 3);
                        sum += Math.exp(z);
                        if (j == targets[i]) target = z;
                        if (z > top) {
                            top = z;
                            index = j;
                        }
                    }
                    double bound = UNIT * (2 * n + 64 + 128);
                    assertEquals(Math.log(sum), Sample.values(all)[i], bound);
                    assertEquals(targets[i] < 0 ? 0 : Math.log(sum) - target, Sample.values(loss)[i], bound);
                    assertEquals(index, best[i]);
                }
            }
        }
    }

    @Test
    void errorsNameTheOperationAndBothShapes() {
        try (Tensor x = Sample.filled("x", 0, 3, 5); Tensor w = Sample.filled("w", 0, 7, 4); Tensor y = Sample.filled("y", 0, 3, 7)) {
            String message = assertThrows(IllegalArgumentException.class, () -> kernels.linear(x, w, null, y)).getMessage();
            assertTrue(message.startsWith("linear: ") && message.contains("[3, 5]") && message.contains("[7, 4]"), message);
            assertThrows(IllegalArgumentException.class, () -> kernels.matmul(x, false, w, false, y, false));
            assertThrows(IllegalArgumentException.class, () -> kernels.add(x, w, 1, x));
        }
        Tensor closed = Tensor.allocate("gone", DType.F32, Shape.of(2, 2));
        closed.close();
        try (Tensor y = Sample.filled("y", 0, 2, 2)) {
            assertThrows(IllegalStateException.class, () -> kernels.scale(closed, 1, y));
            kernels.scale(y, 2, y); // what failed let go of everything
        }
    }

    /** Each in a lane among zeros: subnormals and infinities come out exactly, NaN as NaN. Zeros are added to, so that both have one sign. */
    @Test
    void everyHalfTimesOneIsItself() {
        int n = 1 << 16, k = Kernels.LANES;
        try (Tensor x = Sample.filled("x", 1, 1, k); Tensor w = Tensor.allocate("w", DType.F16, Shape.of(n, k)); Tensor y = Sample.filled("y", 9, 1, n)) {
            for (int j = 0; j < n; j++)
                for (int e = 0; e < k; e++) w.segment().setAtIndex(ValueLayout.JAVA_SHORT, (long) j * k + e, (short) (e == j % k ? j : 0));
            kernels.linear(x, w, null, y);
            for (int j = 0; j < n; j++) assertEquals(Float.float16ToFloat((short) j) + 0f, y.segment().getAtIndex(ValueLayout.JAVA_FLOAT, j), "half " + j);
        }
    }
}
