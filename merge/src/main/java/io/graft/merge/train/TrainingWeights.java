package io.graft.merge.train;

import io.graft.engine.RunException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.WeightSource;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import io.graft.formats.weights.ModelWeights;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * A model's weights for who copies those that are trained: one of these is read into memory for the copy and freed when the next
 * tensor is asked for, so that it is not held twice. It is read and not mapped, since pages of a mapping stay: 269 MB of the 3.3 GB
 * that training all of a 135M model took.
 */
final class TrainingWeights implements WeightSource {

    private static final int CHUNK = 1 << 16, BYTES = 1 << 20;

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
        if (source == null || !trained.contains(name)) return weights.tensor(name);
        if (source.stored().isPresent()) return passing = stored(source, source.stored().get());
        passing = Tensor.allocate(name, DType.F32, source.shape());
        for (long first = 0; first < source.shape().elements(); first += CHUNK) {
            long count = Math.min(CHUNK, source.shape().elements() - first);
            source.readF32(first, count, passing.segment().asSlice(4 * first, 4 * count));
        }
        return passing;
    }

    private static Tensor stored(SourceTensor source, StoredRange range) {
        Tensor tensor = Tensor.allocate(source.name(), source.dtype(), source.shape());
        try (FileChannel file = FileChannel.open(range.file(), StandardOpenOption.READ)) {
            for (long done = 0; done < range.bytes();) {
                int read = file.read(tensor.segment().asSlice(done, Math.min(BYTES, range.bytes() - done)).asByteBuffer(), range.offset() + done);
                if (read < 0) throw new RunException(range.file() + ": " + source.name(), "the file changed since it was opened", range.offset() + range.bytes() + " bytes", file.size() + " bytes", null, null);
                done += read;
            }
            return tensor;
        } catch (IOException error) {
            tensor.close();
            throw new RunException(range.file().toString(), "cannot be read: " + error.getMessage(), error);
        } catch (RuntimeException error) {
            tensor.close();
            throw error;
        }
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
