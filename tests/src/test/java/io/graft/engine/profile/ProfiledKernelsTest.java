package io.graft.engine.profile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProfiledKernelsTest {

    @Test
    void everyLaunchIsNotedWithItsWorkAndTheResultIsTheSame() {
        float[] plain = new float[6], profiled = new float[6];
        try (Kernels kernels = Kernels.open(null, 1)) {
            linear(kernels, plain);
        }
        try (ProfiledKernels kernels = new ProfiledKernels(Kernels.open(null, 1))) {
            linear(kernels, profiled);
            Launch launch = kernels.launches().getFirst();
            assertEquals("linear", launch.operation());
            assertEquals("[2, 5] x [3, 5] F32", launch.shape());
            assertEquals(2 * 2 * 3 * 5, launch.flops());
            assertEquals(4 * (2 * 5 + 3 * 5 + 2 * 3), launch.bytes());
            assertTrue(launch.duration() > 0);
            kernels.clear();
            assertEquals(List.of(), kernels.launches());
        }
        assertArrayEquals(plain, profiled);
    }

    /** Query t of 4 sees t + 1 keys, or 2 where the window is 2; 4 operations a lane of each of them, 2 heads of 3 lanes. */
    @Test
    void attentionCountsThePositionsThatAreReallySeen() {
        try (ProfiledKernels kernels = new ProfiledKernels(Kernels.open(null, 1)); Tensor q = kernels.allocate("q", Shape.of(4, 6)); Tensor k = kernels.allocate("k", Shape.of(4, 3));
                Tensor out = kernels.allocate("out", Shape.of(4, 6))) {
            kernels.attention(q, k, k, Sequences.single(4), new AttentionSpec(2, 1, 3, 1, 0, 0), out);
            kernels.attention(q, k, k, Sequences.single(4), new AttentionSpec(2, 1, 3, 1, 2, 0), out);
            assertEquals(List.of(4L * 2 * 3 * (1 + 2 + 3 + 4), 4L * 2 * 3 * (1 + 2 + 2 + 2)), kernels.launches().stream().map(Launch::flops).toList());
        }
    }

    @Test
    void aSummaryAddsUpByShapeLongestFirst() {
        List<Launch> launches = List.of(new Launch("a", "s", 10, 100, 0, 5), new Launch("b", "s", 10, 0, 10, 40), new Launch("a", "s", 10, 100, 60, 5));
        Summary summary = Summary.of(launches, new Roofline(50e9, 10e9));
        assertEquals(List.of("b", "a"), summary.rows().stream().map(Summary.Row::operation).toList());
        Summary.Row a = summary.rows().get(1);
        assertEquals(new Summary.Row("a", "s", 2, 1e-8, 200, 20, 4e-9), a, "two launches, each 2 ns of arithmetic at the least");
        assertEquals(65e-9, summary.wall(), 1e-18);
        assertEquals(0.4, a.ofRoofline(), 1e-12);
    }

    private static void linear(Kernels kernels, float[] result) {
        try (Tensor x = kernels.allocate("x", Shape.of(2, 5)); Tensor weight = kernels.allocate("weight", Shape.of(3, 5)); Tensor y = kernels.allocate("y", Shape.of(2, 3))) {
            kernels.upload(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, x);
            kernels.upload(new float[] {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, .5f, .5f, .5f, .5f, .5f}, weight);
            kernels.linear(x, weight, null, y);
            kernels.download(y, result);
        }
    }
}
