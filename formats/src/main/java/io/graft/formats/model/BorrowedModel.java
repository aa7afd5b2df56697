package io.graft.formats.model;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A model lent to one or many who close what they use: it stays open, and its owner closes it.
 *
 * @param model the model
 */
public record BorrowedModel(ModelSource model) implements ModelSource {

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
