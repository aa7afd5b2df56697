package io.graft.engine.train;

import com.google.gson.JsonObject;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.Architecture;
import io.graft.engine.model.WeightShapes;
import io.graft.engine.model.WeightSource;
import io.graft.formats.huggingface.Architectures;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/** A Llama of any size with random weights in memory. */
final class RandomModel implements WeightSource {

    final Architecture architecture;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    /** Heads of 8, as many for keys. */
    RandomModel(int layers, int hidden, int intermediate, int vocabulary, boolean tied) {
        JsonObject config = new JsonObject();
        config.addProperty("model_type", "llama");
        config.addProperty("hidden_size", hidden);
        config.addProperty("intermediate_size", intermediate);
        config.addProperty("num_hidden_layers", layers);
        config.addProperty("num_attention_heads", hidden / 8);
        config.addProperty("vocab_size", vocabulary);
        config.addProperty("max_position_embeddings", 1024);
        config.addProperty("rms_norm_eps", 1e-5);
        config.addProperty("tie_word_embeddings", tied);
        architecture = Architectures.of("a random model", config);
        SplittableRandom random = new SplittableRandom(3);
        WeightShapes.of(architecture, !tied).forEach((name, shape) -> {
            Tensor tensor = Tensor.allocate(name, DType.F32, shape);
            double width = shape.rank() == 2 ? 1 / Math.sqrt(shape.size(1)) : 0;
            for (long i = 0; i < shape.elements(); i++) tensor.segment().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (width == 0 ? 1 : random.nextDouble(-width, width)));
            tensors.put(name, tensor);
        });
    }

    /** Texts of some lengths, all of it learned. */
    TrainBatch batch(int... lengths) {
        SplittableRandom random = new SplittableRandom(4);
        TrainBatch batch = new TrainBatch();
        for (int length : lengths) {
            int[] ids = random.ints(length, 0, architecture.vocabulary()).toArray();
            batch.add(ids, ids);
        }
        return batch;
    }

    @Override
    public Set<String> names() { return tensors.keySet(); }

    @Override
    public DType dtype(String name) { return DType.F32; }

    @Override
    public Shape shape(String name) { return tensors.get(name).shape(); }

    @Override
    public Tensor tensor(String name) { return tensors.get(name); }

    @Override
    public void close() { tensors.values().forEach(Tensor::close); }
}
