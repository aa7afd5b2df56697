package io.graft.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Scalar and vector code take turns without a bit's difference, and the warm-up ends. */
class StartingKernelsTest {

    @Test
    void theBitsAreThoseOfScalarKernelsBeforeDuringAndAfter() {
        try (Kernels scalar = Kernels.open("scalar", 1); Kernels kernels = StartingKernels.open(null, 2)) {
            List<int[]> expected = pass(scalar);
            int rounds = 0;
            do same(expected, pass(kernels), "round " + rounds);
            while (++rounds < 50 || kernels instanceof StartingKernels starting && !starting.isStarted() && rounds < 100_000);
            if (kernels instanceof StartingKernels starting) assertTrue(starting.isStarted(), "the warm-up has not ended");
            same(expected, pass(kernels), "vector code only");
        }
    }

    /** Who forces kernels gets those alone. */
    @Test
    void aNameForcesOthers() {
        try (Kernels forced = StartingKernels.open("scalar", 2)) {
            assertFalse(forced instanceof StartingKernels);
        }
    }

    private static void same(List<int[]> expected, List<int[]> found, String when) {
        for (int i = 0; i < expected.size(); i++) assertArrayEquals(expected.get(i), found.get(i), when + ", operation " + i);
    }

    /** What a layer does, for a prompt of 17 tokens and for one token. */
    private static List<int[]> pass(Kernels kernels) {
        List<int[]> bits = new ArrayList<>();
        AttentionSpec spec = new AttentionSpec(6, 2, 16, 0.25f, 0, 0);
        for (int rows : new int[] {17, 1}) {
            int[] positions = new int[rows];
            try (Tensor x = Sample.random("x", DType.F32, 1, rows, 96); Tensor gain = Sample.random("gain", DType.BF16, 2, 96); Tensor weight = Sample.random("weight", DType.BF16, 3, 70, 96);
                    Tensor y = Sample.filled("y", 0, rows, 96); Tensor z = Sample.filled("z", 0, rows, 70); Tensor cos = Sample.random("cos", DType.F32, 4, 1, 8);
                    Tensor sin = Sample.random("sin", DType.F32, 5, 1, 8); Tensor k = Sample.random("k", DType.F32, 6, rows, 32); Tensor v = Sample.random("v", DType.F32, 7, rows, 32)) {
                kernels.rmsNorm(x, gain, 1e-5f, false, y);
                bits.add(Sample.bits(y));
                kernels.linear(y, weight, null, z);
                bits.add(Sample.bits(z));
                kernels.rope(y, 16, cos, sin, positions, RopeStyle.HALVES);
                bits.add(Sample.bits(y));
                kernels.attention(y, k, v, Sequences.single(rows), spec, x);
                bits.add(Sample.bits(x));
                kernels.gate(Activation.SILU, x, y, y);
                kernels.add(x, y, 1, y);
                bits.add(Sample.bits(y));
                int[] best = new int[rows];
                kernels.argmax(z, best);
                bits.add(best);
            }
        }
        return bits;
    }
}
