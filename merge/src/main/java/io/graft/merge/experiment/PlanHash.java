package io.graft.merge.experiment;

import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.Operation;
import io.graft.merge.plan.TensorPlan;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Hashes of models by what their tensors are made of, so that two recipes that come to the same (a swap of no layer and the
 * expert itself, say) are one model, and are evaluated once.
 */
final class PlanHash {

    private final Map<SourceTensor, String> names = new IdentityHashMap<>();
    private boolean unknown;

    /** Of a model that is no merge. */
    static String of(ModelSource model, String key) {
        Hash hash = new Hash().add("tensors");
        List<SourceTensor> tensors = new ArrayList<>(model.tensors().values());
        tensors.sort(Comparator.comparing(SourceTensor::name));
        for (SourceTensor each : tensors) hash.add(each.name() + " Copy(" + key + ":" + each.name() + ",)");
        return hash.add(Hash.of(Node.plainConfig(model))).hex();
    }

    /**
     * Of a merge.
     *
     * @param plan   over the promises of its inputs
     * @param inputs the nodes, whose promises' tensors the plan holds
     * @param recipe the recipe's own hash, for operations that cannot be looked into
     */
    static String of(MergePlan plan, Map<String, Node> inputs, String recipe) {
        PlanHash names = new PlanHash();
        for (Node node : inputs.values()) node.promise().tensors().forEach((name, tensor) -> names.names.put(tensor, node.key() + ":" + name));
        Hash hash = new Hash().add("tensors");
        List<TensorPlan> tensors = new ArrayList<>(plan.tensors());
        tensors.sort(Comparator.comparing(TensorPlan::name));
        for (TensorPlan each : tensors) hash.add(each.name() + " " + names.text(each.operation()));
        String made = hash.add(Hash.of(config(plan))).hex();
        return names.unknown ? Hash.of("recipe", recipe, made) : made;
    }

    private static com.google.gson.JsonObject config(MergePlan plan) {
        com.google.gson.JsonObject config = Json.parse("config", Json.line(plan.config())).getAsJsonObject();
        for (String key : List.of("_name_or_path", "transformers_version", "torch_dtype", "dtype")) config.remove(key);
        return config;
    }

    /** An operation as text: its kind, its numbers, and its inputs by the keys of their models. */
    private String text(Object part) {
        return switch (part) {
            case SourceTensor tensor -> name(tensor);
            case Operation operation -> operation.getClass().getSimpleName() + components((Record) operation);
            case List<?> list -> list.stream().map(this::text).toList().toString();
            case Optional<?> some -> some.map(this::text).orElse("none");
            case Number number -> number.toString();
            case Boolean truth -> truth.toString();
            case String text -> text;
            case Enum<?> word -> word.name();
            case Record record -> record.getClass().getSimpleName() + components(record);
            case null -> "null";
            default -> unknown(part);
        };
    }

    private String name(SourceTensor tensor) {
        String name = names.get(tensor);
        if (name != null) return name;
        return tensor instanceof Record record ? record.getClass().getSimpleName() + components(record) : unknown(tensor);
    }

    private String unknown(Object part) {
        unknown = true;
        return part.getClass().getSimpleName();
    }

    private String components(Record record) {
        StringBuilder text = new StringBuilder("(");
        try {
            for (RecordComponent each : record.getClass().getRecordComponents()) {
                each.getAccessor().setAccessible(true);
                text.append(text(each.getAccessor().invoke(record))).append(',');
            }
        } catch (ReflectiveOperationException hidden) {
            return unknown(record);
        }
        return text.append(')').toString();
    }
}
