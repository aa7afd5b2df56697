package io.graft.merge.plan;

import io.graft.engine.RequestException;
import io.graft.formats.model.SourceTensor;
import io.graft.merge.plan.Draft.Use;
import io.graft.merge.recipe.MethodSpec;
import io.graft.merge.recipe.ModelRef;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.recipe.Slice;
import io.graft.merge.recipe.Source;
import io.graft.merge.recipe.Source.LayerRange;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * Lays out the output of {@code models} and {@code slices}: which tensors it has, and which input tensors go into each.
 *
 * <p>With {@code models} that is every name, and a layer's place runs over all layers of its stack. With {@code slices} the
 * layers of the main stack are numbered anew; what is in no layer comes from the first slice's sources, the final norm and
 * the head from the last slice's.
 */
final class Drafts {

    /** Where an output layer's entries of config lists come from. */
    record LayerOrigin(Input input, int layer) {}

    private final Recipe recipe;
    private final Map<String, Input> inputs;
    private final Findings findings;
    final List<Draft> all = new ArrayList<>();
    /** By output layer, for slices; empty for models, whose layers stay as they are. */
    final List<LayerOrigin> layers = new ArrayList<>();
    /** Whether a head that some inputs tie and some have is written as a matrix of its own. */
    boolean untied;

    Drafts(Recipe recipe, Map<String, Input> inputs, Findings findings) {
        this.recipe = recipe;
        this.inputs = inputs;
        this.findings = findings;
        if (recipe.whole()) whole(withBase(recipe.slices().getFirst()));
        else slices();
    }

    /** The base model is an input of its own where the method needs one and the recipe does not list it. */
    private Slice withBase(Slice slice) {
        MethodSpec.Base kind = recipe.method().base();
        Optional<ModelRef> base = base(slice);
        if (base.isEmpty() || kind == MethodSpec.Base.DONOR || slice.sources().stream().anyMatch(source -> source.model().key().equals(base.get().key()))) return slice;
        List<Source> sources = new ArrayList<>(slice.sources());
        sources.add(new Source(base.get(), Optional.empty(), Map.of(), base.get().mark()));
        return new Slice(sources, slice.base(), slice.parameters(), slice.mark());
    }

    Optional<ModelRef> base(Slice slice) { return slice.base().isPresent() ? slice.base() : recipe.base(); }

    private void whole(Slice slice) {
        Set<String> names = new LinkedHashSet<>();
        SequencedMap<String, Integer> stacks = new LinkedHashMap<>();
        for (Source source : slice.sources()) {
            Input input = input(source);
            names.addAll(input.tensors.keySet());
            input.stacks.forEach((stack, count) -> stacks.merge(stack, count, Math::max));
        }
        sameDepth(slice);
        for (String name : names) {
            Optional<LayerName> at = LayerName.of(name);
            if (at.isPresent()) draft(name, slice, place(at.get().layer(), stacks.get(at.get().stack())), null, _ -> name);
            else draft(name, slice, 0, role(slice, name), _ -> name);
        }
    }

    private void sameDepth(Slice slice) {
        Input first = input(slice.sources().getFirst());
        for (Source source : slice.sources()) {
            Input other = input(source);
            if (first.declaredLayers() >= 0 && other.declaredLayers() >= 0 && first.declaredLayers() != other.declaredLayers()) {
                findings.add(new RequestException(source.mark().toString(), "the models must have the same number of layers", first.declaredLayers() + " as " + first,
                        other.declaredLayers() + " of " + other, "slices take layers from models of different depth"));
            }
        }
    }

    private void slices() {
        List<Slice> slices = recipe.slices();
        for (Slice slice : slices) for (Source source : slice.sources()) checkRange(source);
        if (!findings.isEmpty()) return;
        int written = 0;
        for (Slice slice : slices) {
            int length = slice.sources().getFirst().layers().orElseThrow().length();
            for (int k = 0; k < length; k++, written++) layer(slice, k, length, written);
        }
        outside(slices.getFirst(), false);
        outside(slices.getLast(), true);
    }

    private void checkRange(Source source) {
        Input input = input(source);
        LayerRange range = source.layers().orElseThrow();
        Optional<String> stack = input.mainStack();
        if (stack.isEmpty()) {
            findings.add(new RequestException(range.mark().toString(), "the layers of " + input + " cannot be told from its names", input.declaredLayers() + " layers in one stack, as config.json counts them", input.stacksFound()));
        } else if (range.end() > input.stacks.get(stack.get())) {
            findings.add(new RequestException(range.mark().toString(), "layer_range of " + input + " ends past the last layer", "an end of at most " + input.stacks.get(stack.get()), range.end()));
        }
    }

    private void layer(Slice slice, int k, int length, int written) {
        Source first = slice.sources().getFirst();
        layers.add(new LayerOrigin(input(first), first.layers().orElseThrow().start() + k));
        Set<String> rests = new LinkedHashSet<>();
        for (Source source : slice.sources()) {
            Input input = input(source);
            String prefix = input.mainStack().orElseThrow() + "." + (source.layers().orElseThrow().start() + k) + ".";
            for (String name : input.tensors.keySet()) if (name.startsWith(prefix)) rests.add(name.substring(prefix.length()));
        }
        String stack = input(first).mainStack().orElseThrow();
        for (String rest : rests) {
            draft(stack + "." + written + "." + rest, slice, place(k, length), null,
                    source -> input(source).mainStack().orElseThrow() + "." + (source.layers().orElseThrow().start() + k) + "." + rest);
        }
    }

    /** What is in no layer of the main stack: the head's end of the model if {@code post}, else the rest. */
    private void outside(Slice slice, boolean post) {
        Set<String> names = new LinkedHashSet<>();
        for (Source source : slice.sources()) {
            Input input = input(source);
            String main = input.mainStack().orElseThrow();
            for (String name : input.tensors.keySet()) if (LayerName.of(name).filter(at -> at.stack().equals(main)).isEmpty()) names.add(name);
        }
        for (String name : names) {
            Role role = role(slice, name);
            if ((role == Role.FINAL_NORM || role == Role.LM_HEAD) == post) draft(name, slice, 0, role, _ -> name);
        }
    }

    private Role role(Slice slice, String name) {
        if (LayerName.of(name).isPresent()) return Role.OTHER;
        for (Source source : slice.sources()) if (input(source).tensors.containsKey(name)) return input(source).roleOutside(name);
        return Role.OTHER;
    }

    /** A layer's place among the layers of its slice; a single one has the last place, as in mergekit. */
    static double place(int layer, int layers) { return layers == 1 ? 1 : (double) layer / (layers - 1); }

    private interface Naming {
        String in(Source source);
    }

    private void draft(String name, Slice slice, double t, Role role, Naming naming) {
        if (role == Role.LM_HEAD && headIsTied(slice)) {
            findings.warn(name + " is stored though every model ties it to the embeddings: it is left out");
            return;
        }
        List<Use> uses = new ArrayList<>();
        List<Source> missing = new ArrayList<>();
        int base = -1;
        Optional<ModelRef> baseModel = base(slice);
        for (Source source : slice.sources()) {
            Input input = input(source);
            String inputName = naming.in(source);
            SourceTensor tensor = input.tensors.get(inputName);
            if (role == Role.LM_HEAD && input.isTied() && input.embeddings() != null && name.endsWith("weight")) {
                tensor = input.embeddings();
                untied = true;
                findings.warn("some models tie the head to the embeddings, some do not: the output has a head of its own, and the embeddings stand in for the tied ones");
            }
            if (tensor == null) {
                missing.add(source);
                continue;
            }
            if (base < 0 && baseModel.isPresent() && source.model().key().equals(baseModel.get().key())) base = uses.size();
            uses.add(new Use(source, input, tensor, inputName));
        }
        if (uses.isEmpty()) return;
        if (!missing.isEmpty() && !Role.isBuffer(name, uses.getFirst().tensor().dtype())) {
            findings.add("missing " + missing.getFirst().model().key(), missing.getFirst().model() + ": " + naming.in(missing.getFirst()), "a tensor is missing", "all models to have what " + uses.getFirst().input() + " has", "nothing",
                    "models of one architecture have the same tensors");
            return;
        }
        all.add(new Draft(name, slice, t, role, uses, base));
    }

    private boolean headIsTied(Slice slice) { return slice.sources().stream().allMatch(source -> input(source).isTied()); }

    private Input input(Source source) { return inputs.get(source.model().key()); }
}
