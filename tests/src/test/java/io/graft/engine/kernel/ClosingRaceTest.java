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
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/**
 * A weight closed while kernels read it by raw address: the kernel ends with the right numbers or never begins, whatever is
 * written into the freed block. {@code -Dgraft.long=true} races 10^5 times instead of 10^4 at 64 KiB, and 1,000 times at 4 MiB
 * instead of 100.
 */
class ClosingRaceTest {

    private static final boolean LONG = Boolean.getBoolean("graft.long");

    @Test
    void smallBlocks() throws Exception {
        int rounds = LONG ? 100_000 : 10_000;
        int[] counts = race(rounds, 64, 256);
        assertEquals(rounds, Arrays.stream(counts).sum());
        // How the threads are scheduled must not decide the suite: the long run alone asks for enough of each.
        if (LONG) for (int count : counts) assertTrue(count >= 1_000, "closes before, during and after the kernel: " + Arrays.toString(counts));
    }

    @Test
    void largeBlocks() throws Exception { race(LONG ? 1_000 : 100, 1024, 1024); }

    /** {@return how often close came before, during and after the kernel} */
    private static int[] race(int rounds, int n, int k) throws Exception {
        int before = 0, during = 0, after = 0;
        try (Kernels kernels = Kernels.open(null, 2); Tensor x = Sample.filled("x", 1, 1, k); Tensor y = Sample.filled("y", 0, 1, n)) {
            AtomicReference<Tensor> slot = new AtomicReference<>();
            AtomicReference<Object> outcome = new AtomicReference<>();
            AtomicBoolean end = new AtomicBoolean(), begun = new AtomicBoolean();
            Thread user = Thread.ofPlatform().daemon().start(() -> {
                while (!end.get()) {
                    Tensor weight = slot.getAndSet(null);
                    if (weight == null) Thread.onSpinWait();
                    else {
                        begun.set(true);
                        try {
                            kernels.linear(x, weight, null, y);
                            outcome.set(System.nanoTime());
                        } catch (Throwable thrown) {
                            outcome.set(thrown);
                        }
                    }
                }
            });
            long typical = 20_000;
            for (int round = 0; round < rounds; round++) {
                Owner block = Owner.allocate("weight", 4L * n * k);
                Tensor weight = Tensor.view("weight", DType.F32, Shape.of(n, k), block, 0);
                for (int i = 0; i < n * k; i += k) block.segment().set(JAVA_FLOAT, 4L * i, 2);
                outcome.set(null);
                begun.set(false);
                if (round % 4 == 0) block.close();
                slot.set(weight);
                while (!begun.get()) Thread.onSpinWait();
                long start = System.nanoTime(), delay = (round * 7919L % 1000) * typical / 600;
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
                        typical = (15 * typical + Math.min(done - start, 1_000_000)) / 16;
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
