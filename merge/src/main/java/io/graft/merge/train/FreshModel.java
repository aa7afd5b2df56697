package io.graft.merge.train;

import com.google.gson.JsonObject;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.model.Architecture;
import io.graft.engine.model.WeightShapes;
import io.graft.engine.train.CounterRandom;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A model that nobody has trained yet, made of a config: matrices are normal(0, std), gains of norms are what multiplies by one
 * (ones, or zeros where the norm adds one), biases are zeros. A tied head is the embedding.
 *
 * <p>An element depends on seed, name and index alone ({@link CounterRandom}), so the same config gives the same bytes on every machine, and a tensor is
 * made in pieces.
 */
final class FreshModel implements ModelSource {

    private final TrainConfig.Fresh fresh;
    private final JsonObject config;
    private final SequencedMap<String, SourceTensor> tensors = new LinkedHashMap<>();

    FreshModel(TrainConfig.Fresh fresh) {
        this.fresh = fresh;
        this.config = Json.readObject(fresh.config());
        Architecture architecture = Architectures.of(fresh.config().toString(), config);
        float gain = architecture.norm().kind() == Architecture.NormKind.RMS_ONE_PLUS ? 0 : 1;
        WeightShapes.of(architecture, !architecture.head().tied())
                .forEach((name, shape) -> tensors.put(name, new Drawn(name, shape, fresh, shape.rank() == 2 ? Float.NaN : name.endsWith(".bias") ? 0 : gain)));
    }

    /** A tensor whose elements are all {@code constant} or, where that is not a number, drawn. */
    private record Drawn(String name, Shape shape, TrainConfig.Fresh fresh, float constant) implements SourceTensor {

        @Override
        public DType dtype() { return DType.F32; }

        @Override
        public Optional<StoredRange> stored() { return Optional.empty(); }

        @Override
        public void readF32(long first, long count, MemorySegment to) {
            Objects.checkFromIndexSize(first, count, shape.elements());
            CounterRandom random = new CounterRandom(CounterRandom.key(fresh.seed(), name)).skip(2 * first);
            for (long i = 0; i < count; i++) to.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i, Float.isNaN(constant) ? (float) (fresh.std() * random.nextGaussian()) : constant);
        }
    }

    @Override
    public String name() { return fresh.config().toString(); }

    @Override
    public SequencedMap<String, SourceTensor> tensors() { return Collections.unmodifiableSequencedMap(tensors); }

    @Override
    public JsonObject config() { return config.deepCopy(); }

    @Override
    public Optional<Path> folder() { return Optional.ofNullable(fresh.tokenizer()); }

    @Override
    public void close() {}
}
