package io.graft.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The same bits from vector and scalar kernels, by one thread and by three, and on every machine: the hashes below were made
 * once. Surefire runs this at 128 and 256 bits, at 512 where the processor has them, and scalar.
 */
class SameBitsTest {

    private static final DType[] TYPES = {DType.F32, DType.BF16, DType.F16};

    @Test
    void vectorScalarAndAnyNumberOfThreadsAgree() {
        List<String> expected = run("scalar", 1);
        for (int threads = 1; threads <= 3; threads += 2) {
            List<String> found = run(null, threads);
            assertEquals(expected.size(), found.size());
            for (int i = 0; i < found.size(); i++) assertEquals(expected.get(i), found.get(i));
        }
        assertEquals(RECORDED, expected.hashCode());
    }

    private static final int RECORDED = 1008202918;

    private static List<String> run(String choice, int threads) {
        List<String> hashes = new ArrayList<>();
        try (Kernels kernels = Kernels.open(choice, threads)) {
            products(kernels, hashes);
            attentions(kernels, hashes);
            rows(kernels, hashes);
            losses(kernels, hashes);
        }
        return hashes;
    }

    private static void note(List<String> hashes, String what, Tensor result) { hashes.add(what + " " + Integer.toHexString(Arrays.hashCode(Sample.bits(result)))); }

    private static void products(Kernels kernels, List<String> hashes) {
        for (DType type : TYPES) {
            for (int flags = 0; flags < 8; flags++) {
                boolean ta = (flags & 1) != 0, tb = (flags & 2) != 0;
                for (int[] size : new int[][] {{37, 71, 601}, {6, 64, 256}, {13, 129, 7}}) {
                    int m = size[0], n = size[1], k = size[2];
                    try (Tensor a = ta ? Sample.random("a", DType.F32, 1, k, m) : Sample.random("a", DType.F32, 1, m, k);
                            Tensor b = tb ? Sample.random("b", type, 2, n, k) : Sample.random("b", type, 2, k, n); Tensor c = Sample.random("c", DType.F32, 3, m, n)) {
                        kernels.matmul(a, ta, b, tb, c, flags > 3);
                        note(hashes, "matmul " + type + flags + Arrays.toString(size), c);
                    }
                }
            }
            for (int t : new int[] {1, 5, 9}) {
                for (int k : new int[] {1, 64, 95, 601}) {
                    try (Tensor x = Sample.random("x", DType.F32, 3, t, k); Tensor w = Sample.random("w", type, 4, 131, k); Tensor bias = Sample.random("b", type, 5, 131);
                            Tensor y = Sample.filled("y", 7, t, 131)) {
                        kernels.linear(x, w, bias, y);
                        note(hashes, "linear " + type + t + " " + k, y);
                    }
                }
            }
        }
    }

    private static void attentions(Kernels kernels, List<String> hashes) {
        for (AttentionSpec spec : new AttentionSpec[] {new AttentionSpec(6, 2, 20, 0.3f, 0, 0), new AttentionSpec(3, 1, 64, 0.125f, 37, 2),
            new AttentionSpec(2, 2, 16, 1, 1, 0), new AttentionSpec(3, 1, 256, 0.1f, 140, 30)}) {
            Sequences sequences = new Sequences().add(0, 150, 3, 150).add(160, 40, 170, 301).add(201, 1, 250, 200);
            try (Tensor q = Sample.random("q", DType.F32, 5, 210, spec.heads() * spec.headDim()); Tensor k = Sample.random("k", DType.F32, 6, 480, spec.kvHeads() * spec.headDim());
                    Tensor v = Sample.random("v", DType.F32, 7, 480, spec.kvHeads() * spec.headDim()); Tensor out = Sample.filled("o", 9, 210, spec.heads() * spec.headDim())) {
                kernels.attention(q, k, v, sequences, spec, out);
                note(hashes, spec.toString(), out);
            }
        }
    }

    private static void rows(Kernels kernels, List<String> hashes) {
        for (int n : new int[] {1, 64, 71, 262}) {
            for (DType type : TYPES) {
                try (Tensor x = Sample.random("x", DType.F32, 1, 83, n); Tensor gain = Sample.random("g", type, 2, n); Tensor y = Sample.filled("y", 9, 83, n)) {
                    kernels.scale(x, 40, x);
                    kernels.rmsNorm(x, gain, 1e-5f, true, y);
                    note(hashes, "rms " + n, y);
                    kernels.layerNorm(x, gain, 1e-5f, y);
                    note(hashes, "layer " + n, y);
                    kernels.softmax(x, y);
                    note(hashes, "softmax " + n, y);
                    kernels.softCap(x, 7, y);
                    note(hashes, "cap " + n, y);
                    for (Activation activation : Activation.values()) {
                        kernels.gate(activation, x, y, y);
                        note(hashes, activation + " " + n, y);
                    }
                    kernels.add(x, y, 0.3f, y);
                    note(hashes, "add " + n, y);
                    int[] best = new int[83];
                    kernels.argmax(x, best);
                    hashes.add("argmax " + Arrays.hashCode(best));
                }
            }
        }
        try (Tensor cos = Sample.random("cos", DType.F32, 8, 4, 19); Tensor sin = Sample.random("sin", DType.F32, 9, 4, 19); Tensor table = Sample.random("t", DType.F16, 1, 7, 82);
                Tensor x = Sample.filled("y", 9, 2, 82)) {
            for (RopeStyle style : RopeStyle.values()) {
                kernels.embed(table, new int[] {6, 1}, 1.7f, x);
                kernels.rope(x, 41, cos, sin, new int[] {3, 0}, style);
                note(hashes, "rope " + style, x);
            }
        }
    }

    private static void losses(Kernels kernels, List<String> hashes) {
        for (int t : new int[] {2, 19}) {
            try (Tensor hidden = Sample.random("h", DType.F32, 1, t, 16); Tensor head = Sample.random("w", DType.BF16, 2, 5003, 16); Tensor loss = Sample.filled("l", 9, t);
                    Tensor all = Sample.filled("s", 9, t)) {
                int[] best = new int[t];
                kernels.crossEntropy(hidden, head, 1.5f, 20, new int[t], loss, all, best);
                note(hashes, "loss " + t, loss);
                note(hashes, "sum " + t + Arrays.toString(best), all);
            }
        }
    }
}
