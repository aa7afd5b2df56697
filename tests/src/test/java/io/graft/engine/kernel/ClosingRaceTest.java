package io.graft.engine.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/**
 * A weight closed while kernels read it by raw address: the kernel ends with the right numbers or never begins, whatever is
 * written into the freed block. {@code -Dgraft.long=true} races 10^5 times at both sizes, instead of 10^4 times at 64 KiB and 200 at
 * 4 MiB.
 */
class ClosingRaceTest {

    private static final boolean LONG = Boolean.getBoolean("graft.long");

    @Test
    void smallBlocks() throws Exception { raced(LONG ? 100_000 : 10_000, 64, 256); }

    @Test
    void largeBlocks() throws Exception { raced(LONG ? 100_000 : 200, 1024, 1024); }

    private static void raced(int rounds, int n, int k) throws Exception {
        int[] counts = race(rounds, n, k);
        assertEquals(rounds, Arrays.stream(counts).sum());
        // How the threads are scheduled must not decide the suite: the long run alone asks for enough of each.
        if (LONG) for (int count : counts) assertTrue(count >= 1_000, "closes before, during and after the kernel: " + Arrays.toString(counts));
    }

    /**
     * How long a kernel takes that nobody disturbs, once compiled: closing is spread over one and two thirds of that. Before it is
     * compiled, any close would come before the kernel has begun.
     */
    private static long duration(Kernels kernels, Tensor x, Tensor y, int n, int k) {
        long least = Long.MAX_VALUE;
        try (Tensor weight = Sample.filled("weight", 2, n, k)) {
            for (int i = 0; i < 2_000 * 64 / n; i++) {
                long start = System.nanoTime();
                kernels.linear(x, weight, null, y);
                least = Math.min(least, System.nanoTime() - start);
            }
        }
        return least;
    }

    /** {@return how often close came before, during and after the kernel} */
    private static int[] race(int rounds, int n, int k) throws Exception {
        int before = 0, during = 0, after = 0;
        try (Kernels kernels = Kernels.open(null, 2); Tensor x = Sample.filled("x", 1, 1, k); Tensor y = Sample.filled("y", 0, 1, n)) {
            AtomicReference<Tensor> slot = new AtomicReference<>();
            AtomicReference<Object> outcome = new AtomicReference<>();
            AtomicBoolean end = new AtomicBoolean();
            AtomicLong begun = new AtomicLong();
            Thread user = Thread.ofPlatform().daemon().start(() -> {
                while (!end.get()) {
                    Tensor weight = slot.getAndSet(null);
                    if (weight == null) Thread.onSpinWait();
                    else {
                        begun.set(System.nanoTime());
                        try {
                            kernels.linear(x, weight, null, y);
                            outcome.set(System.nanoTime());
                        } catch (Throwable thrown) {
                            outcome.set(thrown);
                        }
                    }
                }
            });
            long first = duration(kernels, x, y, n, k), typical = first;
            for (int round = 0; round < rounds; round++) {
                Owner block = Owner.allocate("weight", 4L * n * k);
                Tensor weight = Tensor.view("weight", DType.F32, Shape.of(n, k), block, 0);
                for (int i = 0; i < n * k; i += k) block.segment().set(JAVA_FLOAT, 4L * i, 2);
                outcome.set(null);
                begun.set(0);
                if (round % 4 == 0) block.close();
                slot.set(weight);
                while (begun.get() == 0) Thread.onSpinWait();
                // By the user's clock: this thread may have lost its processor since.
                long start = begun.get(), delay = (round * 7919L % 1000) * typical / 600;
                while (System.nanoTime() - start < delay) Thread.onSpinWait();
                long closing = System.nanoTime();
                block.close();
                try (Owner reused = Owner.allocate("scribble", 4L * n * k)) {
                    reused.segment().fill((byte) 0x41);
                }
                while (outcome.get() == null) Thread.onSpinWait();
                Object found = outcome.get();
                if (found instanceof IllegalStateException) before++;
                else if (found instanceof Long done) {
                    if (done > closing) during++;
                    else {
                        after++;
                        typical = (15 * typical + Math.min(done - start, 4 * first)) / 16;
                    }
                    float[] values = new float[n];
                    kernels.download(y, values);
                    for (float value : values) assertEquals(2f, value);
                } else throw new AssertionError((Throwable) found);
            }
            end.set(true);
            user.join();
        }
        System.out.printf("closing against kernels on %d KiB: %d before, %d during, %d after%n", 4L * n * k >> 10, before, during, after);
        return new int[] {before, during, after};
    }
}
