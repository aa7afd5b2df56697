package io.graft.engine.profile;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;

/**
 * The best that these kernels reached on this machine, right now: for arithmetic a product of matrices that fit the caches, for
 * memory a product of a matrix that does not with a vector. Measure when C2 has compiled them: after a warm-up.
 *
 * @param flopsPerSecond floating-point operations
 * @param bytesPerSecond of memory read
 */
public record Roofline(double flopsPerSecond, double bytesPerSecond) {

    /** Long enough for a quiet moment on a busy machine, short enough not to be waited for. */
    private static final long NANOS = 700_000_000;

    /**
     * Measures, for about one and a half seconds. The products are those of a model's linear maps.
     *
     * @param kernels which compute
     * @return the best rates seen
     */
    public static Roofline measure(Kernels kernels) {
        int n = 768;
        double flops, bytes;
        try (Tensor x = kernels.allocate("x", Shape.of(n, n)); Tensor weight = kernels.allocate("weight", Shape.of(n, n)); Tensor y = kernels.allocate("y", Shape.of(n, n))) {
            flops = 2.0 * n * n * n / best(() -> kernels.linear(x, weight, null, y));
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
