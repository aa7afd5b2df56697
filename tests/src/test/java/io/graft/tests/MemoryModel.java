package io.graft.tests;

import com.google.gson.JsonObject;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;

/** A model of arrays in memory, for tests that would rather not depend on any reader. */
public final class MemoryModel implements ModelSource {

    private final JsonObject config;
    private final SequencedMap<String, SourceTensor> tensors = new LinkedHashMap<>();

    /**
     * A model without tensors yet.
     *
     * @param config its config.json
     */
    public MemoryModel(JsonObject config) { this.config = config; }

    /**
     * The tensors of a small safetensors file, with the config.json beside it if there is one.
     *
     * @param file the file
     * @return the model
     */
    public static MemoryModel read(Path file) {
        Path config = file.resolveSibling("config.json");
        MemoryModel model = new MemoryModel(Files.exists(config) ? Json.readObject(config) : new JsonObject());
        Map<String, float[]> values = GoldenTensors.read(file);
        GoldenTensors.shapes(file).forEach((name, shape) -> model.add(name, DType.F32, shape, values.get(name)));
        return model;
    }

    /**
     * Adds a tensor.
     *
     * @param name   its name
     * @param dtype  what it is said to be stored as
     * @param shape  its sizes
     * @param values its elements
     * @return this
     */
    public MemoryModel add(String name, DType dtype, Shape shape, float... values) {
        if (values.length != shape.elements()) throw new IllegalArgumentException(name + " " + shape + " of " + values.length);
        tensors.put(name, new Values(name, dtype, shape, values));
        return this;
    }

    private record Values(String name, DType dtype, Shape shape, float[] values) implements SourceTensor {
        @Override
        public Optional<StoredRange> stored() { return Optional.empty(); }

        @Override
        public void readF32(long first, long count, MemorySegment to) {
            Objects.checkFromIndexSize(first, count, values.length);
            MemorySegment.copy(values, (int) first, to, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, (int) count);
        }
    }

    @Override
    public String name() { return "in memory"; }

    @Override
    public SequencedMap<String, SourceTensor> tensors() { return tensors; }

    @Override
    public JsonObject config() { return config.deepCopy(); }

    @Override
    public Optional<Path> folder() { return Optional.empty(); }

    @Override
    public void close() {}
}
