package io.graft.formats.model;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/** Another look at a model: whatever a subclass does not say itself is as the model says it. Closing it closes the model. */
public abstract class ModelView implements ModelSource {

    /** The model looked at. */
    protected final ModelSource model;

    /**
     * A view that changes nothing.
     *
     * @param model what to look at
     */
    protected ModelView(ModelSource model) { this.model = model; }

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
    public void close() { model.close(); }
}
