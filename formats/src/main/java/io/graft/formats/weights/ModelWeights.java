package io.graft.formats.weights;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.WeightSource;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import io.graft.formats.peft.AdaptedModel;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The weights of a {@link ModelSource}. A tensor whose bytes lie in a file is a view of that file, mapped once whole; one that is
 * computed (quantised, permuted, adapted) is made when it is first asked for, and kept.
 */
public final class ModelWeights implements WeightSource {

    /** Elements read at a time: a chunk stays in the second-level cache. */
    private static final int CHUNK = 1 << 16;

    private final ModelSource model;
    private final Map<String, SourceTensor> sources;
    private final Map<Path, Owner> files = new HashMap<>();
    private final Map<String, Tensor> tensors = new HashMap<>();
    private boolean closed;

    /**
     * The weights of a model.
     *
     * @param model the model, which this closes
     */
    public ModelWeights(ModelSource model) { this(model, model.tensors()); }

    /** The weights of a model, some of its tensors read from elsewhere. */
    ModelWeights(ModelSource model, Map<String, SourceTensor> sources) {
        this.model = model;
        this.sources = sources;
    }

    /**
     * The weights of a model, an adapter applied on the fly if it has one.
     *
     * @param model the model, which the weights close
     * @return its weights; close them
     */
    public static WeightSource of(ModelSource model) { return model instanceof AdaptedModel adapted ? new AdaptedWeights(adapted) : new ModelWeights(model); }

    /** {@return the model that they are of} */
    public ModelSource model() { return model; }

    @Override
    public Set<String> names() { return Collections.unmodifiableSet(sources.keySet()); }

    @Override
    public DType dtype(String name) { return source(name).dtype(); }

    @Override
    public Shape shape(String name) { return source(name).shape(); }

    @Override
    public synchronized Tensor tensor(String name) {
        if (closed) throw new IllegalStateException(model.name() + " is closed");
        Tensor known = tensors.get(name);
        if (known != null) return known;
        SourceTensor source = source(name);
        Tensor tensor = source.stored().isPresent() ? mapped(source, source.stored().get()) : loaded(source);
        tensors.put(name, tensor);
        return tensor;
    }

    private SourceTensor source(String name) {
        SourceTensor source = sources.get(name);
        if (source == null) throw new RequestException(model.name(), "the model has no tensor " + name);
        return source;
    }

    private Tensor mapped(SourceTensor source, StoredRange range) {
        Owner file = files.computeIfAbsent(range.file(), ModelWeights::map);
        if (file.bytes() - range.offset() < range.bytes())
            throw new RunException(range.file() + ": " + source.name(), "the file changed since it was opened", range.offset() + range.bytes() + " bytes", file.bytes() + " bytes",
                    null, null);
        return Tensor.view(source.name(), source.dtype(), source.shape(), file, range.offset());
    }

    private static Owner map(Path file) {
        try (FileChannel open = FileChannel.open(file, StandardOpenOption.READ)) {
            return Owner.map(file, open, 0, open.size());
        } catch (IOException error) {
            throw new RunException(file.toString(), "cannot be read: " + error.getMessage(), error);
        }
    }

    /** Reads a tensor whole. */
    static Tensor loaded(SourceTensor source) {
        Tensor tensor = Tensor.allocate(source.name(), source.dtype(), source.shape());
        try {
            if (source.dtype() == DType.F32) fill(source, tensor);
            else narrow(source, tensor);
            return tensor;
        } catch (RuntimeException error) {
            tensor.close();
            throw error;
        }
    }

    private static void fill(SourceTensor source, Tensor tensor) {
        long elements = source.shape().elements();
        for (long first = 0; first < elements; first += CHUNK) {
            long count = Math.min(CHUNK, elements - first);
            source.readF32(first, count, tensor.segment().asSlice(4 * first, 4 * count));
        }
    }

    /** Reads values that are exact in the tensor's half-width dtype through a buffer of F32. */
    private static void narrow(SourceTensor source, Tensor tensor) {
        long elements = source.shape().elements();
        try (Tensor buffer = Tensor.allocate("buffer", DType.F32, Shape.of(CHUNK))) {
            for (long first = 0; first < elements; first += CHUNK) {
                int count = (int) Math.min(CHUNK, elements - first);
                source.readF32(first, count, buffer.segment().asSlice(0, 4L * count));
                Halves.narrow(buffer.segment(), tensor.segment(), 2 * first, count, source.dtype());
            }
        }
    }

    /** Unmaps the files, frees what was loaded and closes the model. */
    @Override
    public synchronized void close() {
        closed = true;
        for (Tensor tensor : tensors.values()) tensor.close();
        for (Owner file : files.values()) file.close();
        model.close();
    }
}
