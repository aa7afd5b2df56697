package io.graft.merge.cli;

import com.google.gson.JsonPrimitive;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.gguf.GgufFile;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelSources;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import io.graft.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What the headers of a model tell. Tensors are gone through one by one, since a header may hold millions of them.
 */
final class Inspection implements AutoCloseable {

    /**
     * A tensor.
     *
     * @param name  its name in the file
     * @param type  such as {@code F32} or {@code Q4_1}
     * @param shape its sizes, outermost first
     * @param bytes it takes in the file, or as {@code type} where it is computed
     * @param file  that holds it; null where it is computed
     * @param isWeight whether it holds floats rather than integers
     */
    record Entry(String name, String type, Shape shape, long bytes, Path file, boolean isWeight) {}

    private final String name, kind;
    private final Map<String, JsonPrimitive> facts;
    private final AutoCloseable source;
    private final Consumer<Consumer<Entry>> walk;
    private final Map<Path, Integer> files = new LinkedHashMap<>();
    private final Map<String, Long> bytesByType = new LinkedHashMap<>();
    private final List<String> notes;
    private final Map<String, String> metadata;
    private long count, parameters, bytes;
    private boolean computed;

    private Inspection(String name, String kind, Map<String, JsonPrimitive> facts, List<String> notes, AutoCloseable source, Consumer<Consumer<Entry>> walk) {
        this.name = name;
        this.facts = facts;
        this.notes = notes;
        this.source = source;
        this.walk = walk;
        each(tensor -> {
            count++;
            bytes += tensor.bytes;
            if (tensor.isWeight) parameters += tensor.shape.elements();
            bytesByType.merge(tensor.type, tensor.bytes, Long::sum);
            if (tensor.file == null) computed = true;
            else files.putIfAbsent(tensor.file, files.size());
        });
        this.kind = computed ? "model with adapter" : kind;
        this.metadata = metadata(files());
    }

    /**
     * Reads the headers.
     *
     * @param argument a model, as on the command line
     * @return what they tell; close it
     * @throws io.graft.engine.RequestException if it is no model, or a broken one
     */
    static Inspection of(String argument) {
        Path path = path(argument);
        boolean isFile = path != null && Files.isRegularFile(path);
        if (isFile && argument.toLowerCase(Locale.ROOT).endsWith(".gguf")) return gguf(argument, path);
        ModelSource model = ModelSources.open(argument);
        String kind = isFile ? "safetensors file" : path != null && Files.isDirectory(path) ? "Hugging Face folder" : "model of the hub's cache";
        return opened(model, () -> new Inspection(argument, kind, ConfigFacts.of(model.config()), model.notes(), model, to -> {
            for (SourceTensor tensor : model.tensors().values()) {
                DType dtype = tensor.dtype();
                Optional<StoredRange> stored = tensor.stored();
                long bytes = stored.isPresent() ? stored.get().bytes() : dtype.bytes(tensor.shape().elements());
                to.accept(new Entry(tensor.name(), dtype.name(), tensor.shape(), bytes, stored.map(StoredRange::file).orElse(null), !dtype.isInteger()));
            }
        }));
    }

    /** As the file itself names and stores its tensors: that is what one wants to know of a GGUF. */
    private static Inspection gguf(String argument, Path path) {
        GgufFile file = GgufFile.open(path);
        return opened(file, () -> new Inspection(argument, "GGUF file", ConfigFacts.of(file.metadata()), List.of(), file, to -> {
            for (GgufFile.Entry each : file.tensors().values()) to.accept(new Entry(each.name(), each.type().name(), each.shape(), each.bytes(), path, true));
        }));
    }

    /** Does not leave a file open where the rest fails. */
    private static Inspection opened(AutoCloseable source, Supplier<Inspection> rest) {
        try {
            return rest.get();
        } catch (Throwable error) {
            closeQuietly(source);
            throw error;
        }
    }

    private static void closeQuietly(AutoCloseable source) {
        try {
            source.close();
        } catch (Exception ignored) {
            // Nothing was written: there is nothing to lose.
        }
    }

    private static Path path(String argument) {
        try {
            return Path.of(argument);
        } catch (java.nio.file.InvalidPathException odd) {
            return null;
        }
    }

    private static Map<String, String> metadata(Collection<Path> files) {
        Path first = files.isEmpty() ? null : files.iterator().next();
        if (first == null || !first.toString().endsWith(".safetensors")) return Map.of();
        try (SafetensorsFile file = SafetensorsFile.open(first)) {
            return new LinkedHashMap<>(file.metadata());
        }
    }

    /**
     * Goes through the tensors, in the order of the files.
     *
     * @param to receives each
     */
    void each(Consumer<Entry> to) { walk.accept(to); }

    /** {@return as the user called it} */
    String name() { return name; }

    /** {@return what it is, such as {@code GGUF file}} */
    String kind() { return kind; }

    /** {@return facts of its config} */
    Map<String, JsonPrimitive> facts() { return facts; }

    /** {@return metadata of its first file} */
    Map<String, String> metadata() { return metadata; }

    /** {@return what its reader says} */
    List<String> notes() { return notes; }

    /** {@return the files that hold the tensors, in the order in which they appear} */
    List<Path> files() { return List.copyOf(files.keySet()); }

    /**
     * Where a file stands among {@link #files}.
     *
     * @param file a tensor's
     * @return its index; -1 for none
     */
    int index(Path file) { return file == null ? -1 : files.get(file); }

    /** {@return how many tensors there are} */
    long count() { return count; }

    /** {@return values of float tensors: what people call parameters} */
    long parameters() { return parameters; }

    /** {@return the bytes of all tensors} */
    long bytes() { return bytes; }

    /** {@return type to bytes, in the order of appearance} */
    Map<String, Long> bytesByType() { return bytesByType; }

    @Override
    public void close() { closeQuietly(source); }

    /**
     * The size of a file on disk.
     *
     * @param file one of {@link #files}
     * @return bytes
     */
    static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
