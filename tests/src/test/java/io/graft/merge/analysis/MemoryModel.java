package io.graft.merge.analysis;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import com.google.gson.JsonObject;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/** A model whose weights are arrays: what is compared stands in the test. */
public final class MemoryModel implements ModelSource {

    private final String name;
    private final SequencedMap<String, SourceTensor> tensors = new LinkedHashMap<>();

    public MemoryModel(String name) { this.name = name; }

    /** Adds a tensor of one dimension more than needed, so that shapes are not all vectors. */
    public MemoryModel with(String tensor, float... values) { return with(tensor, DType.F32, Shape.of(1, values.length), values); }

    public MemoryModel with(String tensor, DType dtype, Shape shape, float... values) {
        tensors.put(tensor, new Values(tensor, dtype, shape, values));
        return this;
    }

    @Override
    public String name() { return name; }

    @Override
    public SequencedMap<String, SourceTensor> tensors() { return tensors; }

    @Override
    public JsonObject config() { return new JsonObject(); }

    @Override
    public Optional<Path> folder() { return Optional.empty(); }

    @Override
    public void close() {}

    private record Values(String name, DType dtype, Shape shape, float[] values) implements SourceTensor {
        @Override
        public Optional<StoredRange> stored() { return Optional.empty(); }

        @Override
        public void readF32(long first, long count, MemorySegment to) {
            MemorySegment.copy(values, (int) first, to, JAVA_FLOAT_UNALIGNED, 0, (int) count);
        }
    }
}
