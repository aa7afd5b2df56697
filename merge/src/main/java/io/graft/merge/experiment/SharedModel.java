package io.graft.merge.experiment;

import com.google.gson.JsonObject;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/** A model lent to many merges at a time: closing one of them closes nothing. */
record SharedModel(ModelSource model) implements ModelSource {

    @Override
    public String name() { return model.name(); }

    @Override
    public SequencedMap<String, SourceTensor> tensors() { return model.tensors(); }

    @Override
    public JsonObject config() { return model.config(); }

    @Override
    public Optional<Path> folder() { return model.folder(); }

    @Override
    public SequencedMap<String, String> sideFiles() { return model.sideFiles(); }

    @Override
    public List<String> notes() { return List.of(); }

    @Override
    public void close() {
        // The study closes what it has opened.
    }
}
