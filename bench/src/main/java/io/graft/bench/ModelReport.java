package io.graft.bench;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.RopeStyle;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.Architecture;
import io.graft.engine.model.Batch;
import io.graft.engine.model.CausalLm;
import io.graft.engine.model.KvCache;
import io.graft.engine.model.Rotary;
import io.graft.engine.model.Session;
import java.util.Collections;
import java.util.Locale;

/**
 * Prefill of 256 tokens and decoding on the shape of SmolLM2-135M (random weights), F32 and BF16, on one thread and on two. Each as a
 * share of what the same kernels reach where nothing else is in the way, in the same run: a product of 1024³ for prefill, a product of a
 * 256 MB matrix with a vector for decoding. What those are of the machine's own limits, the report on kernels tells.
 *
 * <p>Argument: rounds (default 5); the best one counts. Floating-point operations of prefill: 2 · weights of blocks · T, 2 · head · 1, and
 * 4 · heads · D · T²/2 a layer for attention.
 */
public final class ModelReport {

    private static final int T = 256, DECODED = 24, LAYERS = 30, HIDDEN = 576, INNER = 1536, HEADS = 9, KV_HEADS = 3, HEAD_DIM = 64, VOCABULARY = 49_152;
    private static final int MATRIX = 8192;

    private ModelReport() {}

    /**
     * Measures and prints a line each.
     *
     * @param arguments as above
     */
    public static void main(String[] arguments) {
        int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 5;
        for (int threads = 1; threads <= 2; threads++)
            try (Kernels kernels = Kernels.open(null, threads)) {
                System.out.println(kernels.description() + ", " + threads + " threads");
                double product = product(kernels, rounds);
                System.out.printf(Locale.ROOT, "  product of 1024^3          %8.1f GFLOP/s%n", product);
                for (DType dtype : new DType[] {DType.F32, DType.BF16}) measure(kernels, dtype, rounds, product);
            }
    }

    private static void measure(Kernels kernels, DType dtype, int rounds, double product) {
        double bandwidth = bandwidth(kernels, dtype, rounds);
        System.out.printf(Locale.ROOT, "  %s matrix by vector      %8.2f GB/s%n", dtype, bandwidth);
        try (RandomWeights weights = new RandomWeights(architecture(), dtype); CausalLm model = new CausalLm(architecture(), weights, kernels); Session session = model.session()) {
            int[] text = new int[T];
            for (int i = 0; i < T; i++) text[i] = i * 187 % VOCABULARY;
            int[] last = {T - 1}, first = {0};
            Batch batch = new Batch();
            try (KvCache cache = session.cache(T + DECODED)) {
                double prefill = best(rounds, () -> {
                    cache.truncate(0);
                    batch.clear();
                    session.run(batch.add(cache, text, 0, T));
                    session.logits(last, 1, (_, _) -> {});
                });
                double decode = best(rounds, () -> {
                    cache.truncate(T);
                    for (int i = 0; i < DECODED; i++) {
                        batch.clear();
                        session.run(batch.add(cache, text, i, i + 1));
                        session.logits(first, 1, (_, _) -> {});
                    }
                }) / DECODED;
                long blocks = weights.elements() - (long) VOCABULARY * HIDDEN;
                double flops = 2.0 * blocks * T + 2.0 * VOCABULARY * HIDDEN + 2.0 * LAYERS * HEADS * HEAD_DIM * T * T;
                double rate = flops / prefill / 1e9, read = dtype.bytes(weights.elements()) / decode / 1e9;
                System.out.printf(Locale.ROOT, "  %s prefill of %d        %8.1f tokens/s  %7.1f GFLOP/s  %.2f of the product%n", dtype, T, T / prefill, rate, rate / product);
                System.out.printf(Locale.ROOT, "  %s decode               %8.1f tokens/s  %7.2f GB/s     %.2f of the matrix by vector%n", dtype, 1 / decode, read, read / bandwidth);
            }
        }
    }

    private static Architecture architecture() {
        Rotary rotary = new Rotary(HEAD_DIM, 100_000, new Rotary.Scaling.None());
        return new Architecture("llama", LAYERS, HIDDEN, INNER, VOCABULARY, 1, new Architecture.Norm(Architecture.NormKind.RMS, 1e-5), Architecture.Block.SEQUENTIAL,
                new Architecture.Attention(HEADS, KV_HEADS, HEAD_DIM, 1 / Math.sqrt(HEAD_DIM), 0, false, false, false, RopeStyle.HALVES, rotary, rotary, Collections.nCopies(LAYERS, 0)),
                new Architecture.Mlp(Activation.SILU, false), new Architecture.Head(true, 1, 0), 2048);
    }

    /** GFLOP/s of a product of 1024^3, both operands F32. */
    private static double product(Kernels kernels, int rounds) {
        int n = 1024;
        try (Tensor a = RandomWeights.tensor("a", DType.F32, Shape.of(n, n)); Tensor b = RandomWeights.tensor("b", DType.F32, Shape.of(n, n)); Tensor c = kernels.allocate("c", Shape.of(n, n))) {
            return 2.0 * n * n * n / best(4 * rounds, () -> kernels.linear(a, b, null, c)) / 1e9;
        }
    }

    /** GB/s of weights that a product with one vector reads. */
    private static double bandwidth(Kernels kernels, DType dtype, int rounds) {
        int rows = (int) ((256L << 20) / dtype.bytes(MATRIX));
        try (Tensor matrix = RandomWeights.tensor("matrix", dtype, Shape.of(rows, MATRIX)); Tensor x = kernels.allocate("x", Shape.of(1, MATRIX)); Tensor y = kernels.allocate("y", Shape.of(1, rows))) {
            return matrix.bytes() / best(4 * rounds, () -> kernels.linear(x, matrix, null, y)) / 1e9;
        }
    }

    /** Seconds of the best of some rounds, after as many to warm up. */
    private static double best(int rounds, Runnable work) {
        double best = Double.POSITIVE_INFINITY;
        for (int round = 0; round < 2 * rounds; round++) {
            long start = System.nanoTime();
            work.run();
            if (round >= rounds) best = Math.min(best, (System.nanoTime() - start) * 1e-9);
        }
        return best;
    }
}
