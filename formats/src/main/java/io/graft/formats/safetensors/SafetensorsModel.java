package io.graft.formats.safetensors;

import com.google.gson.JsonObject;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/** A bare safetensors file as a model: tensors, and neither a config nor side files. */
public final class SafetensorsModel implements ModelSource {

    private final SafetensorsFile file;
    private final SequencedMap<String, SourceTensor> tensors = new LinkedHashMap<>();

    private SafetensorsModel(SafetensorsFile file) {
        this.file = file;
        file.tensors().forEach((name, entry) -> tensors.put(name, file.source(entry)));
    }

    /**
     * Opens a file.
     *
     * @param path the file
     * @return the model
     * @throws SafetensorsException if it is no valid safetensors
     */
    public static SafetensorsModel open(Path path) { return new SafetensorsModel(SafetensorsFile.open(path)); }

    @Override
    public String name() { return file.path().toString(); }

    @Override
    public SequencedMap<String, SourceTensor> tensors() { return Collections.unmodifiableSequencedMap(tensors); }

    @Override
    public JsonObject config() { return new JsonObject(); }

    @Override
    public Optional<Path> folder() { return Optional.empty(); }

    @Override
    public void close() { file.close(); }
}
