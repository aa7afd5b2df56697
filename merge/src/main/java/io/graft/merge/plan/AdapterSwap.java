package io.graft.merge.plan;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.peft.AdaptedModel;
import io.graft.formats.peft.Adapter;
import io.graft.formats.peft.LoraPair;
import io.graft.merge.recipe.LayerSwap;
import io.graft.merge.recipe.LayerSwap.Module;
import io.graft.merge.recipe.LayerSwap.Origin;
import io.graft.merge.recipe.Recipe;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Swaps the layers of two adapters of one base, into an adapter: its merge is the swap of the merged models. Of each module
 * the pair of factors that its layer's owner has is copied whole; a blend w·ΔL + (1 − w)·ΔT is a pair of both ranks together.
 * Scales stand in {@code alpha_pattern} and {@code rank_pattern}, so that no factor is rounded by them.
 */
final class AdapterSwap {

    private static final String PREFIX = "base_model.model.";

    /** A module's pair in the output: its factors and what PEFT multiplies B·A with. */
    private record Pair(SourceTensor a, SourceTensor b, SourceTensor magnitude, double scale) {

        static Pair whole(LoraPair pair) { return new Pair(pair.a(), pair.b(), pair.magnitude(), pair.scale()); }

        long rank() { return a.shape().size(0); }
    }

    private final Recipe recipe;
    private final LayerSwap swap;
    private final SwapPlanner planner;
    private final Findings findings;
    private final Map<String, Pair> pairs = new TreeMap<>();
    private final Set<String> saved = new LinkedHashSet<>();
    private Adapter language, task;
    private AdaptedModel taskModel;

    AdapterSwap(Recipe recipe, SwapPlanner planner, Findings findings) {
        this.recipe = recipe;
        this.swap = recipe.swap().orElseThrow();
        this.planner = planner;
        this.findings = findings;
        if (!(planner.language().source instanceof AdaptedModel ours) || !(planner.task().source instanceof AdaptedModel theirs)) {
            findings.add(new RequestException(swap.marks().get("output").toString(), "output: adapter needs two adapters of one base", "language and task as base+adapter, or as adapters of base_model",
                    planner.language() + " and " + planner.task()));
            return;
        }
        this.language = ours.adapter();
        this.task = theirs.adapter();
        this.taskModel = theirs;
        if (!ours.base().name().equals(theirs.base().name())) findings.add(new RequestException(swap.marks().get("output").toString(), "the adapters are of two bases", theirs.base().name(), ours.base().name()));
        if (language.config().dora() != task.config().dora()) findings.add(new RequestException(planner.language().toString(), "one adapter is a DoRA and the other is not: one adapter cannot be both"));
        if (language.config().fanInFanOut() != task.config().fanInFanOut()) findings.add(new RequestException(planner.language().toString(), "fan_in_fan_out differs between the adapters"));
    }

    /** The adapter's tensors under PEFT's names. */
    List<TensorPlan> tensors() {
        Set<String> modules = new LinkedHashSet<>(language.pairs().keySet());
        modules.addAll(task.pairs().keySet());
        for (String module : modules) pair(module).ifPresent(pair -> pairs.put(module, pair));
        List<TensorPlan> tensors = new ArrayList<>();
        for (Pair pair : pairs.values()) {
            add(tensors, pair.a());
            add(tensors, pair.b());
            if (pair.magnitude() != null) add(tensors, pair.magnitude());
        }
        Set<String> whole = new LinkedHashSet<>(language.replaced().keySet());
        whole.addAll(task.replaced().keySet());
        for (String name : whole) saved(name).ifPresent(tensors::add);
        if (tensors.isEmpty()) findings.add(new RequestException(swap.marks().get("output").toString(), "the swapped adapter would change nothing"));
        return tensors;
    }

    private void add(List<TensorPlan> tensors, SourceTensor factor) {
        tensors.add(new TensorPlan(factor.name(), recipe.outputDtype().orElse(factor.dtype()), factor.shape(), new Operation.Copy(factor)));
    }

    private Optional<Pair> pair(String module) {
        LoraPair ours = language.pairs().get(module), theirs = task.pairs().get(module);
        double[] weights = weights(module + ".weight");
        boolean useOurs = ours != null && weights[0] != 0, useTheirs = theirs != null && weights[1] != 0;
        if (!useOurs && !useTheirs) return Optional.empty();
        if (useOurs && useTheirs) return Optional.of(blend(module, ours, weights[0], theirs, weights[1]));
        LoraPair only = useOurs ? ours : theirs;
        double weight = useOurs ? weights[0] : weights[1];
        if (weight != 1 && only.magnitude() != null) refuseDora(module);
        return Optional.of(new Pair(only.a(), only.b(), only.magnitude(), only.scale() * weight));
    }

    private Pair blend(String module, LoraPair ours, double w, LoraPair theirs, double v) {
        if (ours.magnitude() != null || theirs.magnitude() != null) refuseDora(module);
        if (ours.a().shape().size(1) != theirs.a().shape().size(1) || ours.b().shape().size(0) != theirs.b().shape().size(0)) {
            findings.add("shape", module, "factors of two shapes", ours.weightShape(), theirs.weightShape(), "adapters of one base have the same");
            return Pair.whole(ours);
        }
        // The language expert's scale stays outside; a half is then exact in every dtype.
        double scale = ours.scale() == 0 ? 1 : ours.scale();
        SourceTensor a = new StackedFactor(ours.a(), theirs.a(), false, 1, 1);
        SourceTensor b = new StackedFactor(ours.b(), theirs.b(), true, w * ours.scale() / scale, v * theirs.scale() / scale);
        return new Pair(a, b, null, scale);
    }

    private void refuseDora(String module) {
        findings.add("dora", module, "a blend of DoRA adapters is no adapter", "zones without transitions, no average and no sum", null, "output: model can blend them");
    }

    /** How much of each task vector a tensor has. */
    private double[] weights(String name) {
        Optional<LayerName> at = LayerName.of(name).filter(each -> each.stack().equals(planner.task().mainStack().orElse(null)));
        if (at.isPresent()) {
            Role role = Role.inLayer(at.get().rest());
            if (swap.modules().size() < Module.values().length && (role == Role.OTHER || !swap.modules().contains(Module.valueOf(role.name())))) {
                if (role == Role.OTHER) findings.add("module", name, "its name does not tell which module of the layer it is, so modules cannot choose", "attention, mlp or norm in the name", name, null);
                return new double[] {0, 1};
            }
            double share = swap.share(at.get().layer(), planner.layers());
            return new double[] {share, 1 - share};
        }
        return switch (origin(name)) {
            case LANGUAGE -> new double[] {1, 0};
            case TASK -> new double[] {0, 1};
            case BASE -> new double[] {0, 0};
            case AVERAGE -> new double[] {0.5, 0.5};
            case SUM -> new double[] {1, 1};
        };
    }

    private Origin origin(String name) {
        SourceTensor tensor = taskModel.base().tensors().get(name);
        Role role = tensor == null || LayerName.of(name).isPresent() ? Role.OTHER : Role.outside(name, tensor.shape(), planner.task().vocabulary());
        return planner.origin(role);
    }

    /** A tensor that is saved whole: the owner's; blends of it are computed from the adapted models. */
    private Optional<TensorPlan> saved(String name) {
        double[] weights = weights(name);
        SourceTensor ours = planner.language().tensors.get(name), theirs = planner.task().tensors.get(name), start = taskModel.base().tensors().get(name);
        boolean changed = weights[0] != 0 && language.replaced().containsKey(name) || weights[1] != 0 && task.replaced().containsKey(name);
        if (!changed || ours == null || theirs == null) return Optional.empty();
        Operation operation = weights[0] == 0 ? new Operation.Copy(theirs) : weights[1] == 0 ? new Operation.Copy(ours)
                : weights[0] + weights[1] == 1 ? new Operation.Blend(ours, theirs, weights[0]) : new Operation.Sum(ours, theirs, start);
        saved.add(name.replaceFirst("\\.(weight|bias)$", ""));
        return Optional.of(new TensorPlan(PREFIX + name, recipe.outputDtype().orElse(theirs.dtype()), theirs.shape(), operation));
    }

    /** The output's adapter_config.json: the task adapter's, with modules, ranks and scales as they are now. */
    JsonObject config() {
        JsonObject json = task.config().json();
        long rank = pairs.values().stream().findFirst().map(Pair::rank).orElse(json.has("r") ? json.get("r").getAsLong() : 8);
        double alpha = pairs.values().stream().findFirst().map(pair -> pair.scale() * pair.rank()).orElse((double) rank);
        JsonArray targets = new JsonArray(), whole = new JsonArray();
        JsonObject ranks = new JsonObject(), alphas = new JsonObject();
        pairs.forEach((module, pair) -> {
            targets.add(module);
            if (pair.rank() != rank) ranks.addProperty(module, pair.rank());
            if (pair.scale() * pair.rank() != alpha) alphas.add(module, number(pair.scale() * pair.rank()));
        });
        saved.stream().filter(module -> !targets.asList().stream().anyMatch(each -> each.getAsString().equals(module))).forEach(whole::add);
        json.addProperty("r", rank);
        json.add("lora_alpha", number(alpha));
        json.add("rank_pattern", ranks);
        json.add("alpha_pattern", alphas);
        json.add("target_modules", targets);
        if (!whole.isEmpty()) json.add("modules_to_save", whole);
        else json.remove("modules_to_save");
        json.addProperty("use_rslora", false);
        for (String key : List.of("exclude_modules", "layers_to_transform", "layers_pattern")) json.remove(key);
        json.addProperty("init_lora_weights", true);
        json.addProperty("base_model_name_or_path", recipe.base().map(Object::toString).orElse(taskModel.base().name()));
        return json;
    }

    /** Whole numbers as such: PEFT's lora_alpha is an integer where it can be. */
    private static JsonElement number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15 ? new com.google.gson.JsonPrimitive((long) value) : new com.google.gson.JsonPrimitive(value);
    }
}
