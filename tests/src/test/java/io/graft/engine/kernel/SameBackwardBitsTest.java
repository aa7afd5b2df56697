package io.graft.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.graft.engine.kernel.backward.AdamWStep;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.kernel.backward.Sink;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The backward pass has the same bits from vector and scalar kernels, by one thread and by three, and on every machine: as {@link SameBitsTest}. */
class SameBackwardBitsTest {

    private static final int RECORDED = 1037880655;

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

    private static List<String> run(String choice, int threads) {
        List<String> hashes = new ArrayList<>();
        try (Kernels kernels = Kernels.open(choice, threads); Gradients gradients = new Gradients(kernels)) {
            rows(kernels, gradients, hashes);
            attentions(gradients, hashes);
            losses(kernels, gradients, hashes);
            steps(gradients, hashes);
        }
        return hashes;
    }

    private static void note(List<String> hashes, String what, Tensor... results) {
        for (Tensor each : results) hashes.add(what + " " + each.name() + " " + Integer.toHexString(Arrays.hashCode(Sample.bits(each))));
    }

    private static void rows(Kernels kernels, Gradients gradients, List<String> hashes) {
        for (int n : new int[] {1, 64, 71, 262}) {
            for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16}) {
                try (Tensor x = Sample.random("x", DType.F32, 1, 83, n); Tensor gain = Sample.random("g", type, 2, n); Tensor dy = Sample.random("dy", DType.F32, 3, 83, n);
                        Tensor dx = Sample.random("dx", DType.F32, 4, 83, n); Tensor other = Sample.filled("other", 3, 83, n); Tensor dGain = Sample.random("dGain", DType.F32, 5, n)) {
                    kernels.scale(x, 40, x);
                    gradients.rmsNorm(x, gain, 1e-5f, true, dy, dx, dGain);
                    note(hashes, "rms " + n, dx, dGain);
                    gradients.layerNorm(x, gain, 1e-5f, dy, dx, dGain);
                    note(hashes, "layer " + n, dx, dGain);
                    for (Activation activation : Activation.values()) {
                        gradients.gate(activation, x, dx, dy, other, dx);
                        note(hashes, activation + " " + n, other, dx);
                    }
                    gradients.columnSums(dy, dGain);
                    note(hashes, "sums " + n, dGain);
                    hashes.add("squares " + n + " " + Double.doubleToLongBits(gradients.sumOfSquares(x)));
                    gradients.embed(new int[] {3, 3, 5}, 1.7f, x.rows(0, 3), dx);
                    note(hashes, "embed " + n, dx);
                    gradients.clear(dx);
                    note(hashes, "clear " + n, dx);
                }
            }
        }
    }

    private static void attentions(Gradients gradients, List<String> hashes) {
        for (AttentionSpec spec : new AttentionSpec[] {new AttentionSpec(6, 2, 20, 0.3f, 0, 0), new AttentionSpec(3, 1, 64, 0.125f, 37, 2),
            new AttentionSpec(2, 2, 16, 1, 1, 0), new AttentionSpec(3, 1, 256, 0.1f, 140, 30)}) {
            Sequences sequences = new Sequences().add(0, 150, 3, 150).add(160, 40, 170, 301).add(201, 1, 475, 200);
            int wide = spec.heads() * spec.headDim(), narrow = spec.kvHeads() * spec.headDim();
            try (Tensor q = Sample.random("q", DType.F32, 5, 210, wide); Tensor k = Sample.random("k", DType.F32, 6, 680, narrow); Tensor v = Sample.random("v", DType.F32, 7, 680, narrow);
                    Tensor out = Sample.random("o", DType.F32, 8, 210, wide); Tensor dOut = Sample.random("dOut", DType.F32, 9, 210, wide); Tensor dq = Sample.filled("dq", 9, 210, wide);
                    Tensor dk = Sample.filled("dk", 9, 680, narrow); Tensor dv = Sample.filled("dv", 9, 680, narrow)) {
                gradients.attention(q, k, v, out, dOut, sequences, spec, dq, dk, dv);
                note(hashes, spec.toString(), dq, dk, dv);
            }
        }
    }

    private static void losses(Kernels kernels, Gradients gradients, List<String> hashes) {
        for (float cap : new float[] {0, 20}) {
            int t = 19, vocabulary = 5003;
            int[] targets = new int[t];
            for (int i = 0; i < t; i++) targets[i] = i % 5 == 0 ? -1 : i * 263;
            try (Tensor hidden = Sample.random("h", DType.F32, 1, t, 16); Tensor head = Sample.random("w", DType.BF16, 2, vocabulary, 16); Tensor loss = Sample.filled("l", 9, t);
                    Tensor all = Sample.filled("s", 9, t); Tensor dHidden = Sample.random("dh", DType.F32, 3, t, 16); Tensor dHead = Sample.random("dw", DType.F32, 4, vocabulary, 16)) {
                kernels.crossEntropy(hidden, head, 1.5f, cap, targets, loss, all, null);
                double sum = 0;
                for (int i = 0; i < t; i++) sum += loss.segment().getAtIndex(ValueLayout.JAVA_FLOAT, i);
                try (Tensor scratch = kernels.allocate("scratch", Gradients.scratch(hidden, head))) {
                    assertEquals(sum, gradients.crossEntropy(hidden, head, 1.5f, cap, targets, 0.1f, scratch, new Sink(dHidden, true), hidden, new Sink(dHead, true)), "the losses' bits");
                }
                note(hashes, "loss " + cap, dHidden, dHead);
            }
        }
    }

    private static void steps(Gradients gradients, List<String> hashes) {
        for (int n : new int[] {1, 71, 40_003}) {
            try (Tensor p = Sample.random("p", DType.F32, 1, n); Tensor g = Sample.random("g", DType.F32, 2, n); Tensor m = Sample.filled("m", 0, n); Tensor v = Sample.filled("v", 0, n)) {
                for (int step = 1; step < 4; step++) gradients.adamW(p, g, m, v, AdamWStep.of(step, 1e-2, 0.9, 0.95, 1e-8, 0.1, 0.7));
                note(hashes, "adamW " + n, p, m, v);
            }
        }
    }
}
