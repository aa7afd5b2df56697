package io.graft.merge.train;

import io.graft.engine.autograd.Parameter;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelView;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A model with some of its weights trained: those are F32 masters in memory, to be rounded once when they are written; all others
 * are the model's, their stored bytes too. Closing it closes nothing.
 */
final class TrainedModel extends ModelView {

    private final SequencedMap<String, SourceTensor> tensors;

    TrainedModel(ModelSource model, Collection<Parameter> trained) {
        super(model);
        this.tensors = new LinkedHashMap<>(model.tensors());
        for (Parameter each : trained) tensors.computeIfPresent(each.name(), (name, old) -> new Master(name, old.dtype(), each.value()));
    }

    /** A trained weight; its dtype is that of the model, its values are the master's. */
    private record Master(String name, DType dtype, Tensor value) implements SourceTensor {

        @Override
        public Shape shape() { return value.shape(); }

        @Override
        public Optional<StoredRange> stored() { return Optional.empty(); }

        @Override
        public void readF32(long first, long count, MemorySegment to) { MemorySegment.copy(value.segment(), 4 * first, to, 0, 4 * count); }
    }

    @Override
    public SequencedMap<String, SourceTensor> tensors() { return Collections.unmodifiableSequencedMap(tensors); }

    @Override
    public void close() {
        // The model is its opener's, the masters are the training's.
    }
}
