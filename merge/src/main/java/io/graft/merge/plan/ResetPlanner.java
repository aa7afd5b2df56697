package io.graft.merge.plan;

import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.formats.model.SourceTensor;
import io.graft.merge.recipe.LayerSwap.Module;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.recipe.Reset;
import io.graft.merge.recipe.Reset.NonLayer;
import io.graft.merge.recipe.Setting.Effective;
import io.graft.merge.yaml.Mark;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Plans {@code reset}: every tensor of the expert as it is, as the base has it, or with its largest changes only. */
final class ResetPlanner implements ByName {

    private final Recipe recipe;
    private final Reset reset;
    private final Input expert, base;
    private final Findings findings;
    private final boolean tied;
    private final long pool;

    ResetPlanner(Recipe recipe, Map<String, Input> inputs, Findings findings) {
        this.recipe = recipe;
        this.reset = recipe.reset().orElseThrow();
        this.expert = inputs.get(reset.expert().key());
        this.base = inputs.get(recipe.base().orElseThrow().key());
        this.findings = findings;
        this.tied = expert.isTied();
        check();
        long elements = 0;
        for (var each : names().entrySet()) if (isChosen(each.getKey(), each.getValue()) && !Role.isBuffer(each.getKey(), each.getValue().dtype())) elements += each.getValue().shape().elements();
        this.pool = elements;
        if (elements == 0 && findings.isEmpty()) findings.warn("nothing is reset: the output is the expert");
    }

    private void check() {
        if (expert.isTied() != base.isTied() && (reset.everything() || reset.nonLayer().contains(NonLayer.EMBEDDINGS) || reset.nonLayer().contains(NonLayer.LM_HEAD))) {
            findings.add(new RequestException(expert.toString(), "the head is tied in one model and not in the other", base + (base.isTied() ? " ties it" : " has its own"), expert.isTied() ? "tied" : "its own"));
        }
        if (tied && reset.nonLayer().contains(NonLayer.LM_HEAD) && !reset.nonLayer().contains(NonLayer.EMBEDDINGS)) {
            findings.add(new RequestException(at("non_layer"), "this expert ties its head to the embeddings, so lm_head cannot be reset alone", "embeddings too", "lm_head"));
        }
        boolean byLayer = reset.layers().isPresent() && !reset.layers().get().isEmpty();
        if (expert.mainStack().isEmpty()) {
            if (byLayer) findings.add(new RequestException(expert.toString(), "its layers cannot be told from its names", expert.declaredLayers() < 0 ? "one stack of numbered layers" : expert.declaredLayers() + " layers in one stack, as config.json counts them", expert.stacksFound()));
            return;
        }
        int layers = expert.stacks.get(expert.mainStack().get());
        if (byLayer && reset.layers().get().last() >= layers) {
            findings.add(new RequestException(at("layers"), "layers name one past the last", "at most " + (layers - 1) + ", of the " + layers + " of " + expert, reset.layers().get().last()));
        }
        Integer others = base.mainStack().map(base.stacks::get).orElse(null);
        if (others == null || others != layers) findings.add(new RequestException(base.toString(), "the models must have the same number of layers", layers + " as " + expert, others == null ? base.stacksFound() : others));
    }

    private String at(String key) { return reset.marks().getOrDefault(key, new Mark(recipe.name(), 0, 0)).toString(); }

    @Override
    public Input donor() { return expert; }

    @Override
    public Map<String, SourceTensor> names() {
        Map<String, SourceTensor> names = new TreeMap<>(expert.tensors);
        if (tied) names.keySet().removeIf(name -> LayerName.of(name).isEmpty() && expert.roleOutside(name) == Role.LM_HEAD);
        return names;
    }

    /** Whether a tensor goes back to the base, wholly or in part. */
    private boolean isChosen(String name, SourceTensor tensor) {
        if (reset.everything()) return true;
        Optional<LayerName> at = LayerName.of(name).filter(each -> each.stack().equals(expert.mainStack().orElse(null)));
        if (at.isPresent()) {
            if (reset.layers().isPresent() && !reset.layers().get().contains(at.get().layer())) return false;
            if (reset.modules().size() == Module.values().length) return true;
            Role role = Role.inLayer(at.get().rest());
            if (role != Role.OTHER) return reset.modules().contains(Module.valueOf(role.name()));
            findings.add("module", at("modules") + ": " + name, "its name does not tell which module of the layer it is, so modules cannot choose", "attention, mlp or norm in the name", name, "without modules all of a layer is reset");
            return false;
        }
        if (LayerName.of(name).isPresent()) return false;
        return switch (expert.roleOutside(name)) {
            case EMBEDDINGS -> reset.nonLayer().contains(NonLayer.EMBEDDINGS);
            case FINAL_NORM -> reset.nonLayer().contains(NonLayer.FINAL_NORM);
            case LM_HEAD -> reset.nonLayer().contains(NonLayer.LM_HEAD);
            default -> false;
        };
    }

    @Override
    public TensorPlan plan(String name, Trace trace) {
        SourceTensor ours = expert.tensors.get(name), start = base.tensors.get(name);
        boolean buffer = Role.isBuffer(name, ours.dtype());
        boolean chosen = !buffer && isChosen(name, ours);
        String key = LayerName.of(name).isPresent() ? "layers" : "non_layer";
        trace.parameter(key, chosen ? base.toString() : expert.toString(), new Effective(Double.NaN, reset.marks().get(key), buffer ? "a buffer stays" : chosen ? "reset" : "stays"), reset.marks().containsKey(key) ? "recipe" : "default");
        DType dtype = buffer ? ours.dtype() : recipe.outputDtype().orElse(ours.dtype());
        if (!chosen) return checked(name, ours, dtype, new Operation.Copy(ours));
        if (start == null) {
            findings.add("missing", base + ": " + name, "a tensor is missing", "the base to have what is reset", "nothing", "an expert of this base has the same tensors");
            return null;
        }
        if (!start.shape().equals(ours.shape())) {
            findings.add("shape", base + ": " + name, "shapes differ", ours.shape() + " as in " + expert, start.shape(), "only what both have in one shape can be reset");
            return null;
        }
        long all = reset.pooled() ? pool : ours.shape().elements(), keep = (long) (reset.keepFraction() * all);
        if (reset.keepFraction() > 0) trace.parameter("keep_fraction", expert.toString(), new Effective(reset.keepFraction(), reset.marks().get("keep_fraction"), keep + " of " + all + (reset.pooled() ? " changes of all tensors stay" : " changes stay")), "recipe");
        return checked(name, ours, dtype, keep >= all ? new Operation.Copy(ours) : keep == 0 ? new Operation.Copy(start) : new Operation.Rollback(start, ours, keep, reset.pooled()));
    }

    private TensorPlan checked(String name, SourceTensor shaped, DType dtype, Operation operation) {
        for (SourceTensor input : operation.inputs()) {
            if (input.dtype().isComputable() || operation instanceof Operation.Copy && input.dtype() == dtype) continue;
            findings.add("dtype " + input.dtype(), name, "cannot be computed with", "F32, BF16 or F16", input.dtype(), null);
            return null;
        }
        return new TensorPlan(name, dtype, shaped.shape(), operation);
    }

    @Override
    public void describe(Map<String, String> metadata) {
        metadata.put("graft.expert", reset.expert().argument());
        metadata.put("graft.layers", reset.layers().map(layers -> layers.isEmpty() ? "none" : layers.stream().map(Object::toString).collect(Collectors.joining(","))).orElse("all"));
        metadata.put("graft.modules", reset.modules().stream().map(Module::word).collect(Collectors.joining(",")));
        metadata.put("graft.non_layer", reset.everything() ? "all" : reset.nonLayer().isEmpty() ? "none" : reset.nonLayer().stream().map(NonLayer::word).collect(Collectors.joining(",")));
        if (reset.keepFraction() > 0) metadata.put("graft.keep_fraction", String.format(Locale.ROOT, "%s of the changes of %s", reset.keepFraction(), reset.pooled() ? "all tensors together" : "each tensor"));
    }
}
