package io.graft.merge.train;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.train.CounterRandom;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.peft.AdapterConfig;
import java.util.function.DoubleSupplier;

/** The values with which an adapter begins: PEFT's distributions, Graft's own random numbers (see {@link Adaptation}). Callers close the tensors. */
final class AdapterStart {

    private AdapterStart() {}

    static Tensor a(AdapterConfig config, long seed, String module, Shape shape) {
        if (module.equals(AdapterModules.EMBEDDING)) return filled(module + ".lora_embedding_A", shape, () -> 0);
        String name = module + ".lora_A.weight";
        CounterRandom random = new CounterRandom(CounterRandom.key(seed, name));
        if (config.gaussianInitialisation()) return filled(name, shape, () -> random.nextGaussian() / shape.size(0));
        double bound = 1 / Math.sqrt(shape.size(1));
        return filled(name, shape, () -> (2 * random.nextDouble() - 1) * bound);
    }

    static Tensor b(long seed, String module, Shape shape) {
        if (!module.equals(AdapterModules.EMBEDDING)) return filled(module + ".lora_B.weight", shape, () -> 0);
        String name = module + ".lora_embedding_B";
        CounterRandom random = new CounterRandom(CounterRandom.key(seed, name));
        return filled(name, shape, random::nextGaussian);
    }

    /** The norms of the weight's outputs, since the update is zero: of rows, and of an embedding's columns. */
    static Tensor magnitude(String module, SourceTensor weight, Kernels kernels) {
        int rows = Math.toIntExact(weight.shape().size(0)), columns = Math.toIntExact(weight.shape().size(1));
        boolean byColumn = module.equals(AdapterModules.EMBEDDING);
        double[] squares = new double[byColumn ? columns : rows];
        float[] row = new float[columns];
        try (Tensor buffer = kernels.allocate("a row of " + weight.name(), Shape.of(columns))) {
            for (int r = 0; r < rows; r++) {
                weight.readF32((long) r * columns, columns, buffer.segment());
                kernels.download(buffer, row);
                for (int c = 0; c < columns; c++) squares[byColumn ? c : r] += (double) row[c] * row[c];
            }
        }
        int[] next = {0};
        return filled(module + ".lora_magnitude_vector", Shape.of(squares.length), () -> Math.sqrt(squares[next[0]++]));
    }

    private static Tensor filled(String name, Shape shape, DoubleSupplier values) {
        Tensor tensor = Tensor.allocate(name, DType.F32, shape);
        for (long i = 0; i < shape.elements(); i++) tensor.segment().setAtIndex(JAVA_FLOAT_UNALIGNED, i, (float) values.getAsDouble());
        return tensor;
    }
}
