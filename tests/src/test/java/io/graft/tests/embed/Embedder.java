package io.graft.tests.embed;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.Arrays;

/** A program that embeds Graft: two kernels, what they are, and a hash of the bits that they give. Run as a child by {@link EmbeddingTest}. */
final class Embedder {

    private Embedder() {}

    public static void main(String[] arguments) {
        for (int again = 0; again < 2; again++)
            try (Kernels kernels = Kernels.open(null, 2); Tensor x = random(kernels, 1, 7, 211); Tensor weight = random(kernels, 2, 130, 211);
                    Tensor y = kernels.allocate("y", Shape.of(7, 130))) {
                kernels.linear(x, weight, null, y);
                kernels.softmax(y, y);
                float[] values = new float[7 * 130];
                kernels.download(y, values);
                if (again == 1) System.out.println(Integer.toHexString(Arrays.hashCode(values)) + " " + kernels.description());
            }
    }

    private static Tensor random(Kernels kernels, long seed, int rows, int columns) {
        java.util.SplittableRandom random = new java.util.SplittableRandom(seed);
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) values[i] = (float) (random.nextDouble() - 0.5);
        Tensor tensor = kernels.allocate("random", Shape.of(rows, columns));
        kernels.upload(values, tensor);
        return tensor;
    }
}
