package io.graft.bench;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.RopeStyle;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.Architecture;
import io.graft.engine.model.Rotary;
import io.graft.engine.profile.ProfiledKernels;
import io.graft.engine.profile.Roofline;
import io.graft.engine.profile.Summary;
import io.graft.engine.train.AdamW;
import io.graft.engine.train.Parameters;
import io.graft.engine.train.TrainBatch;
import io.graft.engine.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Steps of full training, F32, random weights: tokens a second, what a step takes of the bound 6 · parameters · tokens / the rate of a
 * product of 1024³ in the same run, memory, and which operations take the time. Two shapes: {@code smollm2}, that of SmolLM2-135M with
 * 2 texts of 256 tokens a step; {@code world}, a model of 0.4M parameters with 64 lines of 30 tokens a step, as small studies train.
 *
 * <p>Arguments: a shape, then rounds (default 3), then threads (default 2), then {@code ops} for a table of operations. The same step by
 * PyTorch runs in turn, in a process of its own, where {@code python3} or what GRAFT_PYTHON names has torch and transformers.
 */
public final class TrainBench {

    private record Case(Architecture architecture, int texts, int length) {}

    private TrainBench() {}

    /**
     * Measures and prints.
     *
     * @param arguments as above
     * @throws IOException if the system's figures cannot be read
     */
    public static void main(String[] arguments) throws IOException {
        String shape = arguments.length > 0 ? arguments[0] : "smollm2";
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 3, threads = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 2;
        boolean operations = arguments.length > 3 && arguments[3].equals("ops");
        Case chosen = switch (shape) {
            case "smollm2" -> new Case(llama(30, 576, 1536, 49_152, 9, 3, 64), 2, 256);
            case "world" -> new Case(llama(8, 64, 176, 400, 4, 4, 16), 64, 30);
            default -> throw new IllegalArgumentException(shape + ": expected smollm2 or world");
        };
        try (Kernels open = Kernels.open(null, threads); ProfiledKernels profiled = operations ? new ProfiledKernels(open) : null) {
            System.out.println(open.description() + ", " + threads + " threads, " + shape);
            double product = product(open);
            System.out.printf(Locale.ROOT, "  product of 1024^3     %8.1f GFLOP/s%n", product);
            double ours = measure(chosen, operations ? profiled : open, profiled, rounds, product);
            double[] theirs = TrainPeer.measure(chosen.architecture, chosen.texts, chosen.length, Math.max(2, rounds), threads);
            if (theirs.length == 2)
                System.out.printf(Locale.ROOT, "  PyTorch               %8.1f tokens/s, peak memory %.2f GB: Graft is %.2f times as fast in %.2f of its memory%n", theirs[0], theirs[1], ours / theirs[0],
                        resident() / theirs[1]);
        }
    }

    private static double measure(Case chosen, Kernels kernels, ProfiledKernels profiled, int rounds, double product) throws IOException {
        Architecture architecture = chosen.architecture;
        long elements;
        Parameters copied;
        try (RandomWeights weights = new RandomWeights(architecture, DType.BF16)) { // not held while training: a checkpoint would be mapped, and forgotten once it is copied
            elements = weights.elements();
            copied = new Parameters(weights, _ -> true, kernels);
        }
        try (Gradients gradients = new Gradients(kernels); Parameters parameters = copied; Trainer trainer = new Trainer(architecture, parameters, kernels, gradients);
                AdamW optimizer = new AdamW(new AdamW.Settings(0.9, 0.95, 1e-8, 0.1, false, 1), parameters.trained(), kernels, gradients)) {
            TrainBatch batch = new TrainBatch();
            for (int text = 0; text < chosen.texts; text++) {
                int[] ids = new int[chosen.length];
                for (int i = 0; i < ids.length; i++) ids[i] = (text * 7919 + i * 187 + 1) % architecture.vocabulary();
                batch.add(ids, ids);
            }
            int warm = rounds * 2;
            double best = Double.MAX_VALUE, bestStep = 0;
            long allocations = 0;
            for (int round = 0; round < warm + rounds; round++) {
                if (round == warm) {
                    allocations = Owner.allocations();
                    if (profiled != null) profiled.clear();
                }
                long start = System.nanoTime();
                trainer.gradients(List.of(batch));
                long middle = System.nanoTime();
                optimizer.step(1e-5);
                double seconds = (System.nanoTime() - start) * 1e-9;
                if (round >= warm && seconds < best) {
                    best = seconds;
                    bestStep = (System.nanoTime() - middle) * 1e-9;
                }
            }
            double tokens = batch.rows() / best, bound = 6.0 * elements * batch.rows() / (product * 1e9);
            System.out.printf(Locale.ROOT, "  a step of %d tokens  %8.1f ms, %.1f tokens/s, %.2f of the bound by products; the optimizer %.1f ms%n", batch.rows(), best * 1e3, tokens, bound / best,
                    bestStep * 1e3);
            System.out.printf(Locale.ROOT, "  native memory         %8.2f GB live, %.2f GB resident at most, %d allocations a step%n", Owner.liveBytes() / 1e9, resident(),
                    (Owner.allocations() - allocations) / rounds);
            if (profiled != null) table(Summary.of(profiled.launches(), Roofline.measure(kernels)), best * rounds);
            return tokens;
        }
    }

    private static void table(Summary summary, double seconds) {
        for (Summary.Row row : summary.byOperation())
            System.out.printf(Locale.ROOT, "  %-22s %6d launches %8.1f ms %5.1f %%  %7.1f GFLOP/s%n", row.operation(), row.launches(), row.seconds() * 1e3, 100 * row.seconds() / seconds, row.gigaflops());
        System.out.printf(Locale.ROOT, "  outside of these      %5.1f %%%n", 100 * (1 - summary.seconds() / seconds));
    }

    /** Gigabytes that the process has held at most, as the system counts; NaN where it does not say. */
    private static double resident() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) return Double.NaN;
        for (String line : Files.readAllLines(status))
            if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024 / 1e9;
        return Double.NaN;
    }

    private static double product(Kernels kernels) {
        int n = 1024;
        double best = Double.MAX_VALUE;
        try (Tensor a = RandomWeights.tensor("a", DType.F32, Shape.of(n, n)); Tensor b = RandomWeights.tensor("b", DType.F32, Shape.of(n, n)); Tensor c = kernels.allocate("c", Shape.of(n, n))) {
            for (int round = 0; round < 60; round++) {
                long start = System.nanoTime();
                kernels.matmul(a, false, b, false, c, false);
                best = Math.min(best, (System.nanoTime() - start) * 1e-9);
            }
        }
        return 2.0 * n * n * n / best / 1e9;
    }

    private static Architecture llama(int layers, int hidden, int inner, int vocabulary, int heads, int kvHeads, int headDim) {
        Rotary rotary = new Rotary(headDim, 10_000, new Rotary.Scaling.None());
        return new Architecture("llama", layers, hidden, inner, vocabulary, 1, new Architecture.Norm(Architecture.NormKind.RMS, 1e-5), Architecture.Block.SEQUENTIAL,
                new Architecture.Attention(heads, kvHeads, headDim, 1 / Math.sqrt(headDim), 0, false, false, false, RopeStyle.HALVES, rotary, rotary, Collections.nCopies(layers, 0)),
                new Architecture.Mlp(Activation.SILU, false), new Architecture.Head(true, 1, 0), 2048);
    }
}
