package io.graft.merge.plan;

import io.graft.engine.RequestException;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.peft.Adapter;
import io.graft.merge.recipe.LayerSwap;
import io.graft.merge.recipe.ModelRef;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.recipe.Reset;
import io.graft.merge.recipe.Slice;
import io.graft.merge.recipe.Source;
import io.graft.merge.yaml.Suggestion;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;

/**
 * Turns a recipe into a plan: opens the models (headers only), finds everything that can be wrong, and decides what every
 * output tensor is made of. Nothing is written and no weight is read.
 */
public final class Planner implements AutoCloseable {

    private final Recipe recipe;
    private final SequencedMap<String, Input> inputs = new LinkedHashMap<>();
    private final Findings findings = new Findings();
    private final Shapes shapes = new Shapes(findings);
    private Drafts drafts;
    private SwapPlanner swap;
    /** What plans the methods that have neither models nor slices. */
    private ByName byName;

    private Planner(Recipe recipe, Function<String, ModelSource> opener) {
        this.recipe = recipe;
        try {
            open(opener);
            for (String warning : recipe.warnings()) findings.warn(warning);
            if (recipe.swap().isPresent()) byName = swap = new SwapPlanner(recipe, inputs, findings);
            else if (recipe.reset().isPresent()) byName = new ResetPlanner(recipe, inputs, findings);
            else drafts = new Drafts(recipe, inputs, findings);
        } catch (Throwable error) {
            close();
            throw error;
        }
    }

    /**
     * Plans a merge.
     *
     * @param recipe the recipe
     * @param opener opens a model argument
     * @return the plan, which owns the open models
     * @throws RequestException if anything is wrong: the first problem, with the others as its suppressed exceptions
     */
    public static MergePlan plan(Recipe recipe, Function<String, ModelSource> opener) {
        Planner planner = new Planner(recipe, opener);
        try {
            return planner.plan();
        } catch (Throwable error) {
            planner.close();
            throw error;
        }
    }

    /**
     * Explains one tensor of a merge.
     *
     * @param recipe the recipe
     * @param opener opens a model argument
     * @param tensor a name in the output
     * @return its inputs and effective parameters
     * @throws RequestException if the recipe or the models are wrong, or the output has no such tensor
     */
    public static Explanation explain(Recipe recipe, Function<String, ModelSource> opener, String tensor) {
        try (Planner planner = new Planner(recipe, opener)) {
            planner.findings.throwIfAny();
            return planner.explain(tensor);
        }
    }

    private Explanation explain(String name) {
        List<Explanation.Fact> facts = new ArrayList<>();
        Trace trace = (parameter, model, value, level) -> facts.add(new Explanation.Fact(parameter, model, value.value(), level, value.mark() == null ? "" : value.mark().toString(), value.how()));
        TensorPlan plan;
        if (byName != null) {
            Set<String> names = byName.names().keySet();
            if (!names.contains(name)) throw noSuchTensor(name, names);
            plan = byName.plan(name, trace);
        } else {
            Draft draft = drafts.all.stream().filter(each -> each.name().equals(name)).findFirst()
                    .orElseThrow(() -> noSuchTensor(name, drafts.all.stream().map(Draft::name).toList()));
            plan = new Methods(recipe, findings, shapes).plan(draft, trace);
        }
        findings.throwIfAny();
        Map<SourceTensor, String> owners = new IdentityHashMap<>();
        for (Input input : inputs.values()) for (SourceTensor each : input.tensors.values()) owners.putIfAbsent(each, input.toString());
        List<String> read = plan.operation().inputs().stream().map(each -> owners.get(each instanceof CutTensor cut ? cut.whole() : each) + ": " + each.name()).toList();
        return new Explanation(plan, read, List.copyOf(facts));
    }

    private RequestException noSuchTensor(String name, Collection<String> names) {
        String near = Suggestion.nearest(name, names);
        return new RequestException(recipe.name(), "the output has no tensor of this name", null, name, near == null ? "graft inspect lists a model's tensors" : "did you mean " + near + "?");
    }

    private void open(Function<String, ModelSource> opener) {
        Map<String, ModelRef> refs = new LinkedHashMap<>();
        recipe.swap().map(LayerSwap::language).ifPresent(ref -> refs.putIfAbsent(ref.key(), ref));
        recipe.swap().map(LayerSwap::task).ifPresent(ref -> refs.putIfAbsent(ref.key(), ref));
        recipe.reset().map(Reset::expert).ifPresent(ref -> refs.putIfAbsent(ref.key(), ref));
        for (Slice slice : recipe.slices()) {
            for (Source source : slice.sources()) refs.putIfAbsent(source.model().key(), source.model());
            slice.base().ifPresent(ref -> refs.putIfAbsent(ref.key(), ref));
        }
        recipe.base().ifPresent(ref -> refs.putIfAbsent(ref.key(), ref));
        recipe.tokenizer().ifPresent(ref -> refs.putIfAbsent(ref.key(), ref));
        refs.forEach((key, ref) -> {
            try {
                ModelSource source = opener.apply(onItsBase(ref));
                try {
                    inputs.put(key, new Input(ref, source));
                } catch (Throwable error) {
                    source.close();
                    throw error;
                }
            } catch (RequestException wrong) {
                findings.add(new RequestException(ref.mark().toString(), wrong.getMessage(), null, null, wrong.hint()));
            }
        });
        findings.throwIfAny();
        for (Input input : inputs.values()) for (String note : input.source.notes()) findings.warn(note);
    }

    /** An expert that is an adapter alone stands on the recipe's base. */
    private String onItsBase(ModelRef ref) {
        if (recipe.swap().isEmpty() && recipe.reset().isEmpty() || recipe.base().isEmpty() || ref.argument().contains("+") || ref.key().equals(recipe.base().get().key())) return ref.argument();
        try {
            Path folder = Path.of(ref.argument());
            return Adapter.isAdapter(folder) && !Files.exists(folder.resolve("config.json")) ? recipe.base().get().argument() + "+" + ref.argument() : ref.argument();
        } catch (InvalidPathException notAPath) {
            return ref.argument();
        }
    }

    private MergePlan plan() {
        List<TensorPlan> tensors = new ArrayList<>();
        if (recipe.swap().filter(each -> each.output() == LayerSwap.Output.ADAPTER).isPresent()) return adapter();
        if (byName != null) {
            for (String name : byName.names().keySet()) add(tensors, byName.plan(name, Trace.NONE));
        } else {
            Methods methods = new Methods(recipe, findings, shapes);
            for (Draft draft : drafts.all) add(tensors, methods.plan(draft, Trace.NONE));
        }
        findings.throwIfAny();
        tensors.sort(Comparator.comparing(TensorPlan::name, Planner::byCodePoint));
        Input donor = donor(), tokenizer = recipe.tokenizer().map(ref -> inputs.get(ref.key())).orElse(donor);
        OutputConfig config = new OutputConfig(donor);
        OutputConfig.compare(donor, inputs.values(), findings);
        if (drafts != null) {
            config.layers(drafts.layers);
            config.vocabulary(shapes.cutVocabulary());
            if (drafts.untied) config.untied();
        }
        config.dtype(tensors);
        List<ModelSource> sources = inputs.values().stream().map(input -> input.source).toList();
        return new MergePlan(recipe.method().name(), sources, Draws.deal(tensors), config.json(), tokenizer.source.folder(), metadata(tensors, donor, tokenizer), recipe.text(), findings.problems.warnings(),
                tokenizer.source.sideFiles(), false);
    }

    private MergePlan adapter() {
        AdapterSwap adapters = new AdapterSwap(recipe, swap, findings);
        findings.throwIfAny();
        List<TensorPlan> tensors = new ArrayList<>(adapters.tensors());
        findings.throwIfAny();
        tensors.sort(Comparator.comparing(TensorPlan::name, Planner::byCodePoint));
        Map<String, String> metadata = metadata(tensors, swap.task(), swap.task());
        metadata.remove("graft.config_from");
        metadata.remove("graft.tokenizer_from");
        List<ModelSource> sources = inputs.values().stream().map(input -> input.source).toList();
        return new MergePlan(recipe.method().name(), sources, List.copyOf(tensors), adapters.config(), Optional.empty(), metadata, recipe.text(), findings.problems.warnings(), new LinkedHashMap<>(), true);
    }

    private static void add(List<TensorPlan> tensors, TensorPlan tensor) {
        if (tensor != null) tensors.add(tensor);
    }

    /** Who gives config and tokenizer: the base, else the first input; where embeddings were cut, one that has that vocabulary. */
    private Input donor() {
        if (byName != null) return byName.donor();
        Input first = recipe.base().map(ref -> inputs.get(ref.key())).orElseGet(() -> inputs.get(recipe.slices().getFirst().sources().getFirst().model().key()));
        OptionalLong cut = shapes.cutVocabulary();
        if (cut.isEmpty() || first.rows() == cut.getAsLong()) return first;
        Optional<Input> fitting = inputs.values().stream().filter(input -> input.rows() == cut.getAsLong()).findFirst();
        fitting.ifPresent(input -> findings.warn("config and tokenizer come from " + input + ", whose vocabulary the output has, not from " + first));
        return fitting.orElse(first);
    }

    private Map<String, String> metadata(List<TensorPlan> tensors, Input donor, Input tokenizer) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("graft.method", recipe.method().name());
        recipe.base().ifPresent(base -> metadata.put("graft.base_model", base.argument()));
        if (byName != null) byName.describe(metadata);
        metadata.put("graft.config_from", donor.toString());
        metadata.put("graft.tokenizer_from", tokenizer.toString());
        if (tensors.stream().anyMatch(Planner::drawsNumbers)) metadata.put("graft.random_seed", Long.toString(recipe.seed()));
        metadata.put("graft.dtype", recipe.outputDtype().map(dtype -> dtype.torchName()).orElse("of the inputs"));
        shapes.cutVocabulary().ifPresent(rows -> metadata.put("graft.vocabulary_cut_to", Long.toString(rows)));
        return metadata;
    }

    private static boolean drawsNumbers(TensorPlan tensor) {
        return tensor.operation() instanceof Operation.TaskVectors task && task.parts().stream().anyMatch(part -> part.keep() instanceof Keep.Random);
    }

    /**
     * The order of Python's strings: by code point, where Java's is by UTF-16 unit.
     *
     * @param a a name
     * @param b another
     * @return below zero where a comes first
     */
    public static int byCodePoint(String a, String b) {
        int length = Math.min(a.length(), b.length());
        for (int i = 0; i < length; i++) {
            char x = a.charAt(i), y = b.charAt(i);
            if (x == y) continue;
            // A surrogate stands for a code point above every single unit.
            if (Character.isSurrogate(x) != Character.isSurrogate(y)) return Character.isSurrogate(x) ? 1 : -1;
            return Character.compare(x, y);
        }
        return Integer.compare(a.length(), b.length());
    }

    @Override
    public void close() {
        for (Input input : inputs.values()) input.source.close();
    }
}
