package io.graft.engine.train;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.Architecture;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.huggingface.HuggingFaceFolder;
import io.graft.formats.safetensors.SafetensorsFile;
import io.graft.formats.weights.ModelWeights;
import io.graft.tests.Fixtures;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** What the tests of training share: golden tensors as arrays, batches of them, and the distance that the fixtures measure by. */
final class Golden {

    private Golden() {}

    /** A checkpoint of the fixtures and what it computes. */
    record Model(Architecture architecture, ModelWeights weights) implements AutoCloseable {

        static Model open(String name) {
            HuggingFaceFolder folder = HuggingFaceFolder.open(Fixtures.require("fixtures/checkpoints/" + name));
            return new Model(Architectures.of(folder.name(), folder.config()), new ModelWeights(folder));
        }

        @Override
        public void close() { weights.close(); }
    }

    static double[] doubles(SafetensorsFile file, String name) {
        Tensor tensor = file.tensor(name);
        MemorySegment bytes = tensor.segment();
        double[] values = new double[Math.toIntExact(tensor.shape().elements())];
        for (int i = 0; i < values.length; i++)
            values[i] = switch (tensor.dtype()) {
                case F32 -> bytes.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
                case F64 -> bytes.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i);
                case I64 -> bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i);
                default -> throw new AssertionError(tensor);
            };
        return values;
    }

    static double[] doubles(Tensor f32) {
        if (f32.dtype() != DType.F32) throw new AssertionError(f32);
        double[] values = new double[Math.toIntExact(f32.shape().elements())];
        for (int i = 0; i < values.length; i++) values[i] = f32.segment().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
        return values;
    }

    /** |got − want| / |want| in the 2-norm. */
    static double distance(double[] got, double[] want) {
        double difference = 0, size = 0;
        for (int i = 0; i < want.length; i++) {
            difference += (got[i] - want[i]) * (got[i] - want[i]);
            size += want[i] * want[i];
        }
        return Math.sqrt(difference) / Math.sqrt(size);
    }

    /** The rows of [n, T] ids and labels as a batch; with positions, a row is cut wherever they start again. */
    static TrainBatch batch(SafetensorsFile file, String ids, String labels, String positions) {
        int width = Math.toIntExact(file.tensor(ids).shape().size(-1));
        double[] tokens = doubles(file, ids), targets = doubles(file, labels), places = positions == null ? null : doubles(file, positions);
        TrainBatch batch = new TrainBatch();
        for (int from = 0; from < tokens.length;) {
            int end = from + 1;
            while (end < tokens.length && end % width != 0 && (places == null || places[end] != 0)) end++;
            batch.add(ints(tokens, from, end), ints(targets, from, end));
            from = end;
        }
        return batch;
    }

    private static int[] ints(double[] values, int from, int end) { return Arrays.stream(values, from, end).mapToInt(value -> (int) value).toArray(); }
}
