package io.graft.merge.experiment;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelView;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/** An expert before its training: the names, shapes and config of its base, so that merges with it can be planned. It holds no values. */
final class PromisedModel extends ModelView {

    private final String name;
    private final SequencedMap<String, SourceTensor> tensors = new LinkedHashMap<>();

    PromisedModel(String name, ModelSource like) {
        super(like);
        this.name = name;
        like.tensors().forEach((key, tensor) -> tensors.put(key, new Promise(name, tensor)));
    }

    /** One of its tensors. */
    private record Promise(String model, SourceTensor like) implements SourceTensor {

        @Override
        public String name() { return like.name(); }

        @Override
        public DType dtype() { return like.dtype(); }

        @Override
        public Shape shape() { return like.shape(); }

        @Override
        public Optional<StoredRange> stored() { return like.stored(); }

        @Override
        public void readF32(long first, long count, MemorySegment to) { throw new IllegalStateException(model + " has not been trained yet"); }
    }

    @Override
    public String name() { return name; }

    @Override
    public SequencedMap<String, SourceTensor> tensors() { return Collections.unmodifiableSequencedMap(tensors); }

    /** What there is to note is the base's, which says it itself. */
    @Override
    public List<String> notes() { return List.of(); }

    @Override
    public void close() {
        // It holds nothing open.
    }
}
