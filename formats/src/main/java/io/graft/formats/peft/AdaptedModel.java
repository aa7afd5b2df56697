package io.graft.formats.peft;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A base model with an adapter applied: what the live adapter computes, as tensors that are merged when they are read.
 *
 * <p>Tensors that the adapter leaves alone are the base's, their stored bytes too. A head that is saved or adapted, or an embedding
 * that is adapted without its head, makes two matrices of a tied one: the config then says so.
 */
public final class AdaptedModel implements ModelSource {

    private static final String HEAD = "lm_head", HEAD_WEIGHT = HEAD + ".weight";

    private final ModelSource base;
    private final Adapter adapter;
    private final JsonObject config;
    private final SequencedMap<String, SourceTensor> tensors;
    private final List<String> notes = new ArrayList<>();

    private AdaptedModel(ModelSource base, Adapter adapter) {
        this.base = base;
        this.adapter = adapter;
        config = base.config();
        tensors = new LinkedHashMap<>(base.tensors());
        notes.addAll(base.notes());
        notes.addAll(adapter.warnings());
        untieWhereNeeded();
        adapter.replaced().forEach((name, tensor) -> {
            SourceTensor old = original(name);
            if (!old.shape().equals(tensor.shape()))
                throw new RequestException(adapter.folder() + ": " + name, "a saved tensor that does not fit the base " + base.name(), old.shape(), tensor.shape());
            tensors.put(name, new SavedTensor(name, tensor, old.dtype()));
        });
        adapter.pairs().forEach((_, pair) -> tensors.put(pair.weight(), adapted(pair)));
    }

    /**
     * Applies an adapter.
     *
     * @param base    the model that it was trained on, closed with this one
     * @param adapter the adapter, closed with this one
     * @return the adapted model; close it
     * @throws RequestException if the base lacks a module of the adapter, or shapes do not fit
     */
    public static AdaptedModel of(ModelSource base, Adapter adapter) { return new AdaptedModel(base, adapter); }

    private void untieWhereNeeded() {
        String embedding = embeddingName();
        if (embedding == null || !tied()) return;
        boolean headChanges = adapter.pairs().containsKey(HEAD) || adapter.replaced().containsKey(HEAD_WEIGHT);
        boolean embeddingChanges = adapter.replaced().containsKey(embedding) || adapter.pairs().values().stream().anyMatch(pair -> pair.weight().equals(embedding));
        if (!headChanges && (!embeddingChanges || adapter.config().ensuresWeightTying())) return;
        config.addProperty("tie_word_embeddings", false);
        tensors.put(HEAD_WEIGHT, new SavedTensor(HEAD_WEIGHT, base.tensors().get(embedding), base.tensors().get(embedding).dtype()));
        notes.add(name() + ": the adapter changes " + (headChanges ? "the head" : "the embedding but not the head") + " of a tied model; the result is not tied");
    }

    private boolean tied() {
        if (!base.tensors().containsKey(HEAD_WEIGHT)) return true;
        return config.has("tie_word_embeddings") && config.get("tie_word_embeddings").isJsonPrimitive() && config.get("tie_word_embeddings").getAsBoolean();
    }

    private String embeddingName() {
        for (String name : base.tensors().keySet()) if (name.endsWith("embed_tokens.weight") || name.endsWith("wte.weight")) return name;
        return null;
    }

    private SourceTensor adapted(LoraPair pair) {
        SourceTensor weight = original(pair.weight());
        // PEFT overrules fan_in_fan_out where it knows the module's class better; shapes tell, but for square ones.
        boolean embedding = pair.weight().equals(embeddingName());
        if (!embedding && !weight.shape().equals(pair.weightShape()) && weight.shape().equals(pair.turned().weightShape())) pair = pair.turned();
        if (!weight.shape().equals(pair.weightShape()))
            throw new RequestException(adapter.folder() + ": " + pair.module(), "factors that do not fit the base " + base.name(), weight.shape(), pair.weightShape());
        if (!weight.dtype().isComputable()) throw new RequestException(base.name() + ": " + pair.weight(), "a dtype that cannot be computed with", "F32, BF16 or F16", weight.dtype());
        return new MergedTensor(pair, weight);
    }

    private SourceTensor original(String name) {
        SourceTensor tensor = tensors.get(name);
        if (tensor == null) throw new RequestException(adapter.folder() + ": " + name, "the base " + base.name() + " has no such tensor");
        return tensor;
    }

    /** {@return the base, without the adapter} */
    public ModelSource base() { return base; }

    /** {@return the adapter} */
    public Adapter adapter() { return adapter; }

    @Override
    public String name() { return base.name() + "+" + adapter.folder(); }

    @Override
    public SequencedMap<String, SourceTensor> tensors() { return Collections.unmodifiableSequencedMap(tensors); }

    @Override
    public JsonObject config() { return config.deepCopy(); }

    @Override
    public Optional<Path> folder() { return base.folder(); }

    @Override
    public SequencedMap<String, String> sideFiles() { return base.sideFiles(); }

    @Override
    public List<String> notes() { return Collections.unmodifiableList(notes); }

    /** Closes the base and the adapter. */
    @Override
    public void close() {
        try {
            base.close();
        } finally {
            adapter.close();
        }
    }
}
