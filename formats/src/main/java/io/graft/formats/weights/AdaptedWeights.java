package io.graft.formats.weights;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.WeightSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.peft.AdaptedModel;
import io.graft.formats.peft.LoraPair;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A base model with an adapter applied on the fly: the base's weights stay the mapped files, and the two factors lie beside them.
 *
 * <p>Only the linear maps of blocks are adapted so. DoRA, whose update scales the weight itself, an adapted embedding or head,
 * and whatever the adapter saved whole, are tensors of their own, merged when they are first asked for.
 */
public final class AdaptedWeights implements WeightSource {

    private static final Pattern LINEAR = Pattern.compile("model\\.layers\\.\\d+\\.(self_attn\\.[qkvo]|mlp\\.(gate|up|down))_proj");

    private final ModelWeights weights;
    private final Map<String, LoraPair> pairs = new LinkedHashMap<>();
    private final Map<String, LowRank> updates = new HashMap<>();

    /**
     * The weights of an adapted model.
     *
     * @param model the model, which this closes
     */
    public AdaptedWeights(AdaptedModel model) {
        Map<String, SourceTensor> tensors = new LinkedHashMap<>(model.tensors());
        for (LoraPair pair : model.adapter().pairs().values()) {
            SourceTensor base = model.base().tensors().get(pair.weight());
            if (pair.magnitude() != null || !LINEAR.matcher(pair.module()).matches() || base == null || !base.shape().equals(Shape.of(pair.out(), pair.in()))) continue;
            pairs.put(pair.weight(), pair);
            tensors.put(pair.weight(), base);
        }
        weights = new ModelWeights(model, tensors);
    }

    @Override
    public Set<String> names() { return weights.names(); }

    @Override
    public DType dtype(String name) { return weights.dtype(name); }

    @Override
    public Shape shape(String name) { return weights.shape(name); }

    @Override
    public Tensor tensor(String name) { return weights.tensor(name); }

    @Override
    public synchronized LowRank update(String name) {
        LoraPair pair = pairs.get(name);
        if (pair == null) return null;
        return updates.computeIfAbsent(name, _ -> new LowRank(ModelWeights.loaded(pair.a()), ModelWeights.loaded(pair.b()), (float) pair.scale()));
    }

    /** Frees the factors, unmaps the files and closes the model and its adapter. */
    @Override
    public synchronized void close() {
        for (LowRank update : updates.values()) {
            update.a().close();
            update.b().close();
        }
        weights.close();
    }
}
