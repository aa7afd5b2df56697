package io.graft.bench.kernel;

import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.kernel.Workers;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Prints every kernel as a share of its floor, measured in the same run: the best of several rounds each.
 *
 * <p>Run with {@code --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED}; arguments are the numbers of
 * threads (1 and 2 if none). OpenBLAS is numpy's where {@code python3}, or what GRAFT_PYTHON names, has it.
 */
public final class KernelReport {

    private static final long READ_BYTES = 256L << 20;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static volatile float sink;
    private static boolean alone;

    private KernelReport() {}

    /**
     * Measures.
     *
     * @param arguments numbers of threads
     */
    public static void main(String[] arguments) {
        int[] threads = arguments.length == 0 ? new int[] {1, 2} : java.util.Arrays.stream(arguments).mapToInt(Integer::parseInt).toArray();
        for (int count : threads) report(count);
    }

    private static void report(int threads) {
        alone = threads == 1;
        try (Kernels kernels = Kernels.open(null, threads); Workers workers = new Workers(threads); Tensor memory = tensor(DType.F32, READ_BYTES / 4)) {
            System.out.println(kernels.description() + ", " + threads + " threads");
            double peak = peak(workers, threads), bandwidth = bandwidth(workers, memory, threads);
            System.out.printf("  multiply-adds in registers    %8.1f GFLOP/s%n  reading                       %8.1f GB/s%n", peak, bandwidth);
            System.out.printf("  an empty region               %8.2f us%n", 1e6 * best(20, () -> {
                for (int i = 0; i < 1000; i++) workers.run(threads, (task, worker) -> {});
            }) / 1000);
            for (int n : new int[] {512, 1024, 2048}) {
                double found = product(kernels, DType.F32, n, n, n, false);
                line("SGEMM " + n, found, "GFLOP/s", peak, "peak");
                double blas = openBlas(threads, n);
                if (blas > 0) line(String.format(Locale.ROOT, "  against OpenBLAS' %.1f GFLOP/s", blas), found, "GFLOP/s", blas, "OpenBLAS");
            }
            for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16})
                for (int[] nk : new int[][] {{576, 576}, {1536, 576}, {576, 1536}, {2048, 2048}})
                    line("x W^T, 256 rows, W " + type + " " + nk[0] + "x" + nk[1], product(kernels, type, 256, nk[0], nk[1], true), "GFLOP/s", peak, "peak");
            for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16}) line("mat-vec " + type, matVec(kernels, type), "GB/s", bandwidth, "reading");
            for (int t : new int[] {256, 2048}) attention(kernels, t, t, peak);
            attention(kernels, 2048, 1, peak);
            elementwise(kernels, bandwidth);
        }
    }

    private static void line(String what, double value, String unit, double floor, String name) {
        System.out.printf("  %-36s %8.1f %s, %5.1f %% of %s%n", what, value, unit, 100 * value / floor, name);
    }

    private static double best(int rounds, Runnable work) {
        double best = Double.MAX_VALUE;
        for (int i = 0; i < rounds; i++) {
            long start = now();
            work.run();
            best = Math.min(best, (now() - start) / 1e9);
        }
        return best;
    }

    /** Nanoseconds: of this thread's processor time where it works alone, so that a busy machine disturbs less. */
    private static long now() { return alone ? THREADS.getCurrentThreadCpuTime() : System.nanoTime(); }

    private static double peak(Workers workers, int threads) {
        int n = 200_000;
        double seconds = best(40, () -> workers.run(threads, (task, worker) -> sink = Floors.multiplyAdds(n, 0.5f)));
        return 24.0 * n * Floors.SPECIES.length() * threads / seconds / 1e9;
    }

    private static double bandwidth(Workers workers, Tensor memory, int threads) {
        long address = memory.segment().address(), piece = 1 << 18;
        double seconds = best(20, () -> workers.run((int) (READ_BYTES / piece), (task, worker) -> sink = Floors.read(address + task * piece, piece)));
        return READ_BYTES / seconds / 1e9;
    }

    private static Tensor tensor(DType type, long... sizes) {
        Tensor tensor = Tensor.allocate("bench", type, Shape.of(sizes));
        SplittableRandom random = new SplittableRandom(1);
        for (long i = 0; i < tensor.shape().elements(); i++) {
            float value = (float) random.nextDouble() - 0.5f;
            switch (type) {
                case F32 -> tensor.segment().setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
                case BF16 -> tensor.segment().setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
                default -> tensor.segment().setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(value));
            }
        }
        return tensor;
    }

    private static double product(Kernels kernels, DType type, int m, int n, int k, boolean transposed) {
        try (Tensor a = tensor(DType.F32, m, k); Tensor b = transposed ? tensor(type, n, k) : tensor(type, k, n); Tensor c = tensor(DType.F32, m, n)) {
            int rounds = (int) Math.clamp(4e10 / (2.0 * m * n * k), 8, 300);
            return 2.0 * m * n * k / best(rounds, () -> kernels.matmul(a, false, b, transposed, c, false)) / 1e9;
        }
    }

    private static double matVec(Kernels kernels, DType type) {
        int n = 32_768, k = 2048;
        try (Tensor x = tensor(DType.F32, 1, k); Tensor w = tensor(type, n, k); Tensor y = tensor(DType.F32, 1, n)) {
            return (double) w.bytes() / best(30, () -> kernels.linear(x, w, null, y)) / 1e9;
        }
    }

    private static void attention(Kernels kernels, int keys, int queries, double peak) {
        AttentionSpec spec = new AttentionSpec(9, 3, 64, 0.125f, 0, 0);
        try (Tensor q = tensor(DType.F32, queries, 576); Tensor k = tensor(DType.F32, keys, 192); Tensor v = tensor(DType.F32, keys, 192);
                Tensor out = tensor(DType.F32, queries, 576)) {
            Sequences sequences = new Sequences().add(0, queries, 0, keys);
            double seconds = best(queries > 1000 ? 10 : 200, () -> kernels.attention(q, k, v, sequences, spec, out));
            double flops = 4.0 * 576 * (queries == 1 ? keys : keys * (keys + 1.0) / 2);
            System.out.printf("  attention, %d queries of %d keys: %.0f us, %.1f GFLOP/s, %.1f %% of peak%n", queries, keys, seconds * 1e6, flops / seconds / 1e9,
                    100 * flops / seconds / 1e9 / peak);
        }
    }

    private static void elementwise(Kernels kernels, double bandwidth) {
        try (Tensor a = tensor(DType.F32, 256, 1536); Tensor b = tensor(DType.F32, 256, 1536); Tensor y = tensor(DType.F32, 256, 1536); Tensor g = tensor(DType.F32, 1536)) {
            System.out.printf("  SwiGLU 256x1536: %.0f us%n", 1e6 * best(200, () -> kernels.gate(io.graft.engine.kernel.Activation.SILU, a, b, y)));
            System.out.printf("  RMSNorm 256x1536: %.0f us%n", 1e6 * best(200, () -> kernels.rmsNorm(a, g, 1e-5f, false, y)));
            System.out.printf("  add 256x1536: %.0f us%n", 1e6 * best(200, () -> kernels.add(a, b, 1, y)));
        }
    }

    /** GFLOP/s of numpy's float32 product; 0 where there is no numpy. */
    private static double openBlas(int threads, int n) {
        String python = System.getenv().getOrDefault("GRAFT_PYTHON", "python3");
        ProcessBuilder process = new ProcessBuilder(python, "-c", "import numpy,time\nn=" + n + "\na=numpy.random.rand(n,n).astype('f');b=a.copy();t=9e9;c=time.thread_time if " + (threads == 1 ? "True" : "False") + " else time.perf_counter\n"
                + "for i in range(12):\n s=c();a@b;t=min(t,c()-s)\nprint(2*n**3/t/1e9)").redirectError(ProcessBuilder.Redirect.DISCARD);
        process.environment().remove("OPENBLAS_CORETYPE");
        process.environment().remove("OPENBLAS_L2_SIZE");
        process.environment().put("OPENBLAS_NUM_THREADS", Integer.toString(threads));
        try {
            String said = new String(process.start().getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8).strip();
            return said.isEmpty() ? 0 : Double.parseDouble(said);
        } catch (IOException none) {
            return 0;
        }
    }
}
