package io.graft.engine.model;

import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.tests.Golden;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Weights of a folder's safetensors files, copied: the engine's models tested without the formats. */
final class FileWeights implements WeightSource {

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    FileWeights(Path folder) {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> all = Files.list(folder)) {
            all.filter(file -> file.toString().endsWith(".safetensors")).sorted().forEach(files::add);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        for (Path file : files) {
            Golden golden = new Golden(file);
            for (String name : golden.names()) {
                long[] sizes = new long[golden.shape(name).length];
                for (int i = 0; i < sizes.length; i++) sizes[i] = golden.shape(name)[i];
                Tensor tensor = Tensor.allocate(name, DType.valueOf(golden.dtype(name)), Shape.of(sizes));
                tensor.segment().copyFrom(java.lang.foreign.MemorySegment.ofBuffer(golden.bytes().slice(golden.offset(name), (int) tensor.bytes())));
                tensors.put(name, tensor);
            }
        }
    }

    @Override
    public Set<String> names() { return tensors.keySet(); }

    @Override
    public DType dtype(String name) { return tensor(name).dtype(); }

    @Override
    public Shape shape(String name) { return tensor(name).shape(); }

    @Override
    public Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) throw new RequestException("weights", "no tensor " + name);
        return tensor;
    }

    @Override
    public void close() { tensors.values().forEach(Tensor::close); }
}
