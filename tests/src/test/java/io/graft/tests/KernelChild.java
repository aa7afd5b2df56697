package io.graft.tests;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.Arrays;

/** Says which kernels were chosen, and the bits of a product, in a JVM of its own; needs nothing that the engine does not export. */
public final class KernelChild {

    private KernelChild() {}

    /** Chooses twice, since a warning may come once only. */
    public static void main(String[] arguments) {
        Kernels.open(null, 1).close();
        try (Kernels kernels = Kernels.open(null, 2); Tensor a = kernels.allocate("a", Shape.of(31, 300)); Tensor b = kernels.allocate("b", Shape.of(300, 29));
                Tensor c = kernels.allocate("c", Shape.of(31, 29))) {
            System.out.println("SAID " + kernels.description());
            float[] values = new float[9300];
            for (int i = 0; i < values.length; i++) values[i] = (float) Math.sin(i);
            kernels.upload(values, a);
            kernels.upload(values, b);
            kernels.matmul(a, false, b, false, c, false);
            float[] result = new float[31 * 29];
            kernels.download(c, result);
            System.out.println("BITS " + Arrays.hashCode(result));
        }
    }
}
