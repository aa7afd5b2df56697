package io.graft.engine.profile;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;

/**
 * The best that these kernels reached on this machine, right now: a matrix product that fits the caches for arithmetic, a
 * matrix-vector product that does not for memory.
 *
 * @param flopsPerSecond floating-point operations
 * @param bytesPerSecond of memory read
 */
public record Roofline(double flopsPerSecond, double bytesPerSecond) {

    /** Long enough for C2 to compile the kernels, short enough not to be waited for. */
    private static final long NANOS = 700_000_000;

    /**
     * Measures, for about one and a half seconds.
     *
     * @param kernels which compute
     * @return the best rates seen
     */
    public static Roofline measure(Kernels kernels) {
        int n = 768;
        double flops, bytes;
        try (Tensor a = kernels.allocate("a", Shape.of(n, n)); Tensor b = kernels.allocate("b", Shape.of(n, n)); Tensor c = kernels.allocate("c", Shape.of(n, n))) {
            flops = 2.0 * n * n * n / best(() -> kernels.matmul(a, false, b, false, c, false));
        }
        int rows = 16384, columns = 2048; // 128 MiB: more than any cache
        try (Tensor x = kernels.allocate("x", Shape.of(1, columns)); Tensor weight = kernels.allocate("weight", Shape.of(rows, columns)); Tensor y = kernels.allocate("y", Shape.of(1, rows))) {
            bytes = weight.bytes() / best(() -> kernels.linear(x, weight, null, y));
        }
        return new Roofline(flops, bytes);
    }

    /** Seconds of the fastest of many. */
    private static double best(Runnable work) {
        long end = System.nanoTime() + NANOS, best = Long.MAX_VALUE;
        for (long start = System.nanoTime(), now; start < end; start = now) {
            work.run();
            now = System.nanoTime();
            best = Math.min(best, now - start);
        }
        return best / 1e9;
    }

    /**
     * The rate that the roofline allows.
     *
     * @param launch what was done
     * @return seconds that it takes at the least: the longer of its arithmetic and its memory traffic
     */
    public double floor(Launch launch) { return Math.max(launch.flops() / flopsPerSecond, launch.bytes() / bytesPerSecond); }
}
