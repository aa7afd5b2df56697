package io.graft.merge.train;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.WeightSource;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.weights.ModelWeights;
import java.util.Set;

/**
 * A model's weights for who copies those that are trained: one of these that lies in no file (quantised, computed) is read into
 * memory for the copy and freed when the next tensor is asked for, so that it is not held twice.
 */
final class TrainingWeights implements WeightSource {

    private static final int CHUNK = 1 << 16;

    private final ModelSource model;
    private final ModelWeights weights;
    private final Set<String> trained;
    private Tensor passing;

    /**
     * @param model   closed with this
     * @param trained those that are asked for once
     */
    TrainingWeights(ModelSource model, Set<String> trained) {
        this.model = model;
        this.weights = new ModelWeights(model);
        this.trained = trained;
    }

    @Override
    public Set<String> names() { return weights.names(); }

    @Override
    public DType dtype(String name) { return weights.dtype(name); }

    @Override
    public Shape shape(String name) { return weights.shape(name); }

    @Override
    public Tensor tensor(String name) {
        forget();
        SourceTensor source = model.tensors().get(name);
        if (source == null || source.stored().isPresent() || !trained.contains(name)) return weights.tensor(name);
        passing = Tensor.allocate(name, DType.F32, source.shape());
        for (long first = 0; first < source.shape().elements(); first += CHUNK) {
            long count = Math.min(CHUNK, source.shape().elements() - first);
            source.readF32(first, count, passing.segment().asSlice(4 * first, 4 * count));
        }
        return passing;
    }

    /** Frees the tensor that was read last. */
    void forget() {
        if (passing != null) passing.close();
        passing = null;
    }

    @Override
    public void close() {
        forget();
        weights.close();
    }
}
