package io.graft.merge.convert;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.Operation;
import io.graft.merge.plan.TensorPlan;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A model as a Hugging Face folder: a merge of one, in which every tensor is copied. So it streams, fits into the same memory and
 * appears complete or not at all.
 *
 * <pre>{@code
 * try (MergePlan plan = Conversion.plan(ModelSources.open("model.gguf"), DType.BF16)) {
 *     Merge.run(plan, Path.of("model"), MergeOptions.defaults().withSideFiles(true, false));
 * }
 * }</pre>
 */
public final class Conversion {

    private Conversion() {}

    /**
     * Plans the folder.
     *
     * @param model any model, closed with the plan
     * @param dtype of all floats in the output, rounded once to the nearest, ties to even; null for each tensor's own
     * @return the plan, with what the user should know as its warnings
     * @throws RequestException if a tensor can neither be computed nor copied, or the model's tokenizer is one that Graft does not know
     */
    public static MergePlan plan(ModelSource model, DType dtype) {
        if (dtype != null && !dtype.isComputable()) throw new RequestException("convert", "no dtype to convert to", "float32, bfloat16 or float16", dtype);
        List<TensorPlan> tensors = new ArrayList<>();
        List<String> warnings = new ArrayList<>(model.notes());
        Map<DType, Long> elements = new EnumMap<>(DType.class);
        for (SourceTensor tensor : model.tensors().values()) {
            DType own = tensor.dtype();
            DType to = dtype != null && own.isComputable() ? dtype : own;
            if (!own.isComputable() && tensor.stored().isEmpty()) throw new RequestException(model.name() + ": " + tensor.name(), "a tensor that can neither be computed nor copied", null, own);
            if (dtype != null && !own.isComputable() && !own.isInteger()) warnings.add(model.name() + ": " + tensor.name() + " stays " + own + ", which Graft copies and does not compute with");
            if (to.isComputable()) elements.merge(to, tensor.shape().elements(), Long::sum);
            tensors.add(new TensorPlan(tensor.name(), to, tensor.shape(), new Operation.Copy(tensor)));
        }
        if (tensors.isEmpty()) throw new RequestException(model.name(), "a model without tensors");
        JsonObject config = model.config();
        if (config.isEmpty()) warnings.add(model.name() + ": no config.json; what is written has an empty one, and needs the model's own before it loads");
        DType most = elements.entrySet().stream().max(Map.Entry.comparingByValue()).map(Map.Entry::getKey).orElse(null);
        if (most != null) {
            setDtype(config, most);
            if (config.get("text_config") instanceof JsonObject text) setDtype(text, most);
            if (!config.isEmpty() && !config.has("dtype") && !config.has("torch_dtype")) config.addProperty("torch_dtype", most.torchName());
        }
        // Asked for now, so that an unknown tokenizer is found before anything is written.
        return new MergePlan("convert", List.of(model), List.copyOf(tensors), config, model.folder(), Map.of(), "", List.copyOf(warnings), model.sideFiles(), false);
    }

    private static void setDtype(JsonObject config, DType dtype) {
        for (String key : new String[] {"dtype", "torch_dtype"}) if (config.has(key)) config.addProperty(key, dtype.torchName());
    }
}
