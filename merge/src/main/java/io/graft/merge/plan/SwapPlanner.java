package io.graft.merge.plan;

import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.formats.model.SourceTensor;
import io.graft.merge.recipe.LayerSwap.Module;
import io.graft.merge.recipe.LayerSwap.Origin;
import io.graft.merge.recipe.LayerSwap;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.recipe.Setting.Effective;
import io.graft.merge.yaml.Mark;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Plans {@code layer_swap}: every tensor from the language expert, the task expert, a blend of both, or the base. */
final class SwapPlanner implements ByName {

    private final Recipe recipe;
    private final LayerSwap swap;
    private final Input language, task, base;
    private final Findings findings;
    private final Mark top;
    private final boolean tied;
    /** What the head is: the recipe's word, the embeddings' where tied, else the default. */
    final Origin lmHead;

    SwapPlanner(Recipe recipe, Map<String, Input> inputs, Findings findings) {
        this.recipe = recipe;
        this.swap = recipe.swap().orElseThrow();
        this.language = inputs.get(swap.language().key());
        this.task = inputs.get(swap.task().key());
        this.base = recipe.base().map(ref -> inputs.get(ref.key())).orElse(null);
        this.findings = findings;
        this.top = new Mark(recipe.name(), 0, 0);
        this.tied = language.isTied() && task.isTied();
        this.lmHead = tied ? swap.embeddings() : swap.lmHead().orElse(LayerSwap.LM_HEAD);
        check();
    }

    private void check() {
        int layers = layers();
        for (Input input : base == null ? List.of(language, task) : List.of(language, task, base)) {
            if (input.mainStack().isEmpty()) {
                findings.add(new RequestException(input.toString(), "its layers cannot be told from its names", input.declaredLayers() < 0 ? "one stack of numbered layers" : input.declaredLayers() + " layers in one stack, as config.json counts them",
                        input.stacksFound()));
            } else if (layers >= 0 && input.stacks.get(input.mainStack().get()) != layers) {
                findings.add(new RequestException(input.toString(), "the models must have the same number of layers", layers + " as " + task, input.stacks.get(input.mainStack().get())));
            }
            if (input.isTied() != task.isTied()) findings.add(new RequestException(input.toString(), "the head is tied in one model and not in the other", task + (task.isTied() ? " ties it" : " has its own"), input.isTied() ? "tied" : "its own"));
        }
        if (layers >= 0 && (long) swap.bottom() + swap.top() > layers) {
            findings.add(new RequestException(at("bottom"), "the zones overlap: bottom and top together are more than the layers there are", "at most " + layers, (long) swap.bottom() + swap.top()));
        }
        if (layers >= 0 && (long) swap.bottom() + swap.transitionBottom() + swap.transitionTop() + swap.top() > layers) {
            findings.warn("the transitions overlap or pass the other zone: where they do, the zones win, then the bottom transition");
        }
        if (tied && swap.lmHead().isPresent() && swap.lmHead().get() != swap.embeddings()) {
            findings.add(new RequestException(at("lm_head"), "these models tie the head to the embeddings, so lm_head cannot be unlike embeddings", swap.embeddings().word(), swap.lmHead().get().word()));
        }
        if (swap.language().key().equals(swap.task().key())) findings.warn("language and task are the same model: the output equals it");
    }

    Input language() { return language; }

    Input task() { return task; }

    int layers() { return task.mainStack().map(task.stacks::get).orElse(-1); }

    private String at(String key) { return swap.marks().getOrDefault(key, top).toString(); }

    @Override
    public Input donor() { return base == null ? task : base; }

    /** All names, by code point order of what follows; problems where the models do not have the same tensors. */
    @Override
    public Map<String, SourceTensor> names() {
        Map<String, SourceTensor> names = new TreeMap<>();
        names.putAll(language.tensors);
        names.putAll(task.tensors);
        if (tied) names.keySet().removeIf(name -> LayerName.of(name).isEmpty() && role(name, names.get(name)) == Role.LM_HEAD);
        return names;
    }

    /** The plan of one tensor; null where findings say why there is none. */
    @Override
    public TensorPlan plan(String name, Trace trace) {
        SourceTensor ours = language.tensors.get(name), theirs = task.tensors.get(name), start = base == null ? null : base.tensors.get(name);
        if (Role.isBuffer(name, (ours != null ? ours : theirs).dtype())) {
            SourceTensor buffer = start != null ? start : theirs != null ? theirs : ours;
            heard(trace, "buffer", start != null ? base.toString() : theirs != null ? task.toString() : language.toString(), "copied, never averaged", 1);
            return new TensorPlan(name, buffer.dtype(), buffer.shape(), new Operation.Copy(buffer));
        }
        if (ours == null || theirs == null || base != null && start == null) {
            Input lacking = ours == null ? language : theirs == null ? task : base;
            findings.add("missing " + lacking, lacking + ": " + name, "a tensor is missing", "the experts to have the same tensors" + (base == null ? "" : " as the base"), "nothing", "experts of one base have the same tensors");
            return null;
        }
        for (SourceTensor other : base == null ? List.of(ours) : List.of(ours, start)) {
            if (other.shape().equals(theirs.shape())) continue;
            Input odd = other == ours ? language : base;
            findings.add("shape " + odd, odd + ": " + name, "shapes differ", theirs.shape() + " as in " + task, other.shape(), other.shape().rank() == 2 && LayerName.of(name).isEmpty()
                    ? "the vocabularies differ: swap experts of one base that kept its tokenizer" : null);
            return null;
        }
        Operation operation = operation(name, ours, theirs, start, trace);
        if (operation == null) return null;
        DType dtype = recipe.outputDtype().orElseGet(() -> start != null ? start.dtype() : Dtypes.widest(List.of(ours, theirs)));
        for (SourceTensor input : operation.inputs()) {
            if (input.dtype().isComputable() || operation instanceof Operation.Copy && input.dtype() == dtype) continue;
            findings.add("dtype " + input.dtype(), name, "cannot be computed with", "F32, BF16 or F16", input.dtype(), null);
            return null;
        }
        return new TensorPlan(name, dtype, theirs.shape(), operation);
    }

    private Operation operation(String name, SourceTensor ours, SourceTensor theirs, SourceTensor start, Trace trace) {
        Optional<LayerName> at = LayerName.of(name).filter(each -> each.stack().equals(task.mainStack().orElse(null)));
        if (at.isEmpty()) return outside(name, ours, theirs, start, trace);
        if (swap.modules().size() < Module.values().length) {
            Role role = Role.inLayer(at.get().rest());
            if (role == Role.OTHER) {
                findings.add("module", at("modules") + ": " + name, "its name does not tell which module of the layer it is, so modules cannot choose", "attention, mlp or norm in the name", name, "without modules all of a layer follows the swap");
                return null;
            }
            if (!swap.modules().contains(Module.valueOf(role.name()))) {
                heard(trace, "modules", task.toString(), role.name().toLowerCase(java.util.Locale.ROOT) + " does not follow the swap", 0);
                return new Operation.Copy(theirs);
            }
        }
        double share = swap.share(at.get().layer(), layers());
        heard(trace, "share", language.toString(), "layer " + at.get().layer() + " of " + layers() + ", bottom " + swap.bottom() + " + " + swap.transitionBottom() + ", top " + swap.top() + " + " + swap.transitionTop()
                + (swap.ramp() ? ", ramp" : ""), share);
        return share == 0 ? new Operation.Copy(theirs) : share == 1 ? new Operation.Copy(ours) : new Operation.Blend(ours, theirs, share);
    }

    private Operation outside(String name, SourceTensor ours, SourceTensor theirs, SourceTensor start, Trace trace) {
        Role role = role(name, theirs);
        String key = key(role);
        Origin origin = origin(role);
        if (key.equals("other")) findings.warn("what is neither layer, embeddings, final norm nor head comes from task, such as " + name);
        heard(trace, key, "", origin.word() + (swap.marks().containsKey(key) ? "" : ", the default"), Double.NaN);
        return operation(origin, ours, theirs, start);
    }

    /** What an origin makes of the three tensors. */
    static Operation operation(Origin origin, SourceTensor ours, SourceTensor theirs, SourceTensor start) {
        return switch (origin) {
            case LANGUAGE -> new Operation.Copy(ours);
            case TASK -> new Operation.Copy(theirs);
            case BASE -> new Operation.Copy(start);
            case AVERAGE -> new Operation.Blend(ours, theirs, 0.5);
            case SUM -> new Operation.Sum(ours, theirs, start);
        };
    }

    private static String key(Role role) {
        return switch (role) {
            case EMBEDDINGS -> "embeddings";
            case FINAL_NORM -> "final_norm";
            case LM_HEAD -> "lm_head";
            default -> "other";
        };
    }

    /** Where what has this role outside the layers comes from. */
    Origin origin(Role role) {
        return switch (role) {
            case EMBEDDINGS -> swap.embeddings();
            case FINAL_NORM -> swap.finalNorm();
            case LM_HEAD -> lmHead;
            default -> Origin.TASK;
        };
    }

    private Role role(String name, SourceTensor tensor) { return LayerName.of(name).isPresent() ? Role.OTHER : Role.outside(name, tensor.shape(), task.vocabulary()); }

    private void heard(Trace trace, String key, String model, String how, double value) {
        trace.parameter(key, model, new Effective(value, swap.marks().get(key), how), swap.marks().containsKey(key) ? "recipe" : "default");
    }

    /** Every choice that the paper leaves open, as it was made. */
    @Override
    public void describe(Map<String, String> metadata) {
        metadata.put("graft.language", swap.language().argument());
        metadata.put("graft.task", swap.task().argument());
        metadata.put("graft.bottom", Integer.toString(swap.bottom()));
        metadata.put("graft.top", Integer.toString(swap.top()));
        metadata.put("graft.transition_bottom", Integer.toString(swap.transitionBottom()));
        metadata.put("graft.transition_top", Integer.toString(swap.transitionTop()));
        metadata.put("graft.ramp", Boolean.toString(swap.ramp()));
        metadata.put("graft.embeddings", swap.embeddings().word());
        metadata.put("graft.final_norm", swap.finalNorm().word());
        metadata.put("graft.lm_head", tied ? "tied to embeddings" : lmHead.word());
        metadata.put("graft.modules", swap.modules().stream().map(Module::word).collect(Collectors.joining(",")));
    }
}
