package io.graft.merge.search;

import io.graft.engine.RequestException;
import io.graft.engine.model.Architecture;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.weights.ModelWeights;
import io.graft.merge.run.Models;
import java.util.ArrayList;
import java.util.List;

/** The three models, open, and checked to be of one kind. */
public final class SearchModels implements AutoCloseable {

    private final Experts experts;
    private final List<ModelSource> sources = new ArrayList<>();
    private final Architecture architecture;
    private final ModelWeights base;
    private final List<Unit> units;

    /**
     * Opens them.
     *
     * @param experts which
     * @throws RequestException if one is missing, or has other tensors than the base
     */
    public SearchModels(Experts experts) {
        this.experts = experts;
        try {
            for (int model = 0; model < 3; model++) sources.add(Models.open(experts.of(model)));
            for (int model = 1; model < 3; model++) check(sources.get(model));
            this.architecture = Architectures.of(experts.base() + ": config.json", sources.getFirst().config());
            this.base = new ModelWeights(sources.getFirst());
            this.units = Unit.of(base, architecture.vocabulary());
        } catch (RuntimeException | Error error) {
            for (ModelSource each : sources) each.close();
            throw error;
        }
    }

    private void check(ModelSource expert) {
        for (SourceTensor of : sources.getFirst().tensors().values()) {
            SourceTensor same = expert.tensors().get(of.name());
            if (same == null) throw new RequestException(expert.name(), "it lacks a tensor of the base", of.name(), "none", "experts of one base have the same tensors");
            if (!same.shape().equals(of.shape())) throw new RequestException(expert.name() + ": " + of.name(), "the shape is not the base's", of.shape(), same.shape(), "experts of one base have the same tensors");
            for (SourceTensor each : List.of(of, same))
                if (!each.dtype().isComputable()) throw new RequestException(expert.name() + ": " + of.name(), "Graft does not compute with this dtype", "F32, BF16 or F16", each.dtype());
        }
    }

    /** {@return what they were called} */
    public Experts experts() { return experts; }

    /** {@return what all of them compute} */
    public Architecture architecture() { return architecture; }

    /** {@return what a merge may choose for itself, from the embeddings to the head} */
    public List<Unit> units() { return units; }

    /** {@return the base, whose tokenizer is that of all} */
    public ModelSource source() { return sources.getFirst(); }

    /** The base's weights. */
    ModelWeights base() { return base; }

    /** A tensor of base, math or language: 0, 1 or 2. */
    SourceTensor tensor(int model, String name) { return sources.get(model).tensors().get(name); }

    @Override
    public void close() {
        base.close();
        for (ModelSource each : sources.subList(1, 3)) each.close();
    }
}
