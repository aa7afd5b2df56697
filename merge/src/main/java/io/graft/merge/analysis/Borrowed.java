package io.graft.merge.analysis;

import com.google.gson.JsonObject;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/** A model that stays open when whoever uses it closes it. */
record Borrowed(ModelSource model) implements ModelSource {

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
    public List<String> notes() { return model.notes(); }

    @Override
    public void close() {
        // Its owner closes it.
    }
}
