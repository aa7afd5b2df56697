package io.graft.merge.experiment;

import com.google.gson.JsonObject;
import io.graft.engine.GraftException;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.merge.eval.EvalResult;
import io.graft.merge.eval.HarnessResults;
import io.graft.merge.experiment.Study.Base;
import io.graft.merge.experiment.Study.Expert;
import io.graft.merge.experiment.Study.MergeSpec;
import io.graft.merge.experiment.Study.Source;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.Planner;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.recipe.RecipeReader;
import io.graft.merge.run.VirtualMerge;
import io.graft.merge.yaml.Mark;
import io.graft.merge.yaml.Problems;
import io.graft.merge.yaml.YamlValue;
import io.graft.merge.yaml.YamlValue.Table;
import io.graft.merge.yaml.YamlValue.Text;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/** Turns a study into its graph of steps, finding all that can be wrong; models are opened, but only headers are read, and samples of given experts. */
public final class StudyPlanner {

    /** Raised where a step's result changes though its settings do not. */
    private static final String FORMAT = "1";

    private final Study study;
    private final StudyOptions options;
    private final Training training;
    private final Examiner examiner;
    private final Problems problems = new Problems();
    private final ContentHashes hashes = new ContentHashes();
    private final StudyPlan plan;
    private final DataSteps data;
    private final Costs costs;
    private Node base;
    /** Whether a dry run is planned without its model and data. */
    private boolean missingAllowed;
    /** Experts and merges by variant and seed, then by name. */
    private final Map<String, Map<String, Node>> nodes = new LinkedHashMap<>();

    private StudyPlanner(Study study, StudyOptions options, Training training, Examiner examiner) {
        this.study = study;
        this.options = options;
        this.training = training;
        this.examiner = examiner;
        List<Long> seeds = options.seeds().isEmpty() ? study.seeds() : options.seeds();
        this.plan = new StudyPlan(study, options.fraction(), seeds);
        this.data = new DataSteps(study, plan, hashes, problems);
        this.costs = new Costs(options.threads());
    }

    /**
     * Plans a study.
     *
     * @param study   as it was asked for
     * @param options how
     * @return the plan; close it
     * @throws RequestException if anything is wrong: the first problem, with the others as its suppressed exceptions
     */
    static StudyPlan plan(Study study, StudyOptions options, Training training, Examiner examiner) {
        StudyPlanner planner = new StudyPlanner(study, options, training, examiner);
        try {
            planner.plan();
            return planner.plan;
        } catch (Throwable error) {
            planner.plan.close();
            throw error;
        }
    }

    private void plan() {
        base = guarded(study.base().mark(), this::base);
        for (Study.Evaluation each : study.evaluations()) {
            Examiner.Exam exam = guarded(each.mark(), () -> exam(each));
            if (exam != null) plan.exams.add(exam);
        }
        problems.throwIfAny();
        costs.model(base.promise());
        plan.together = costs.small() ? options.threads() : 1;
        plan.threads = options.threads() / plan.together;
        Method method = new Method(Study.BASE, Method.Kind.BASE, Study.BASE, "what the experts started from", "", false, new LinkedHashMap<>());
        plan.methods.add(method);
        for (long seed : plan.seeds) row(method, seed, base);
        for (Expert expert : study.experts().values()) expert(expert);
        for (MergeSpec merge : study.merges()) merge(merge);
        for (Study.Import each : study.imports()) guarded(each.mark(), () -> imported(each));
        analysis();
        problems.throwIfAny();
        plan.warnings.addAll(problems.warnings());
    }

    /** What a part of planning gives; where it fails, null and a problem at its line. */
    private <T> T guarded(Mark mark, java.util.function.Supplier<T> part) {
        try {
            return part.get();
        } catch (RequestException wrong) {
            problems.add(at(mark, wrong));
            for (Throwable more : wrong.getSuppressed()) if (more instanceof RequestException also) problems.add(at(mark, also));
            return null;
        }
    }

    private static RequestException at(Mark mark, GraftException wrong) {
        if (wrong.getMessage().startsWith(mark.file() + ":")) return (RequestException) wrong;
        return new RequestException(mark.toString(), wrong.getMessage(), null, null, wrong.hint());
    }

    private Node base() {
        return switch (study.base()) {
            case Base.Given given -> givenBase(given);
            case Base.Shipped shipped -> {
                // Planning writes nothing where the user looks: the model stands in a temporary folder until the study runs.
                plan.shipped = Shipped.open(shipped.name());
                ModelSource source = Node.openArgument(plan.shipped.folder().toString());
                plan.opened.add(source);
                yield new Node.Given(Study.BASE, plan.shipped.in(options.cache()).toString(), hashes.model(plan.shipped.folder().toString()), source, false);
            }
            case Base.Trained trained -> {
                Step step = trainStep(Study.BASE, trained.settings(), null, plan.seeds.getFirst(), trained.mark());
                ModelSource promise = training.promise(data.checkable(trained.settings()));
                plan.opened.add(promise);
                yield new Node.Made(Study.BASE, step, null, promise, false);
            }
        };
    }

    private Node givenBase(Base.Given given) {
        String argument = options.base().orElse(given.argument());
        try {
            return given(Study.BASE, argument, given.mark(), false);
        } catch (RequestException missing) {
            if (!options.dryRun() || given.config() == null || options.base().isPresent()) throw missing;
            problems.warn(argument + " is not here: planned by its config");
            data.allowMissing();
            missingAllowed = true;
            ModelSource promise = training.untrained(Json.write(Tables.json(given.config())));
            plan.opened.add(promise);
            return new Node.Given(Study.BASE, argument, "not here", promise, false);
        }
    }

    /** An evaluation; where data may be missing, one of the size of MGSM in its place. */
    private Examiner.Exam exam(Study.Evaluation evaluation) {
        try {
            return examiner.prepare(evaluation, study, options.fraction(), problems);
        } catch (RequestException missing) {
            if (!missingAllowed) throw missing;
            problems.warn(evaluation.task() + ": " + missing.getMessage());
            return new Examiner.Exam(evaluation, "missing", 250, 600, 200, new JsonObject(), null);
        }
    }

    private Node given(String label, String argument, Mark mark, boolean foreign) {
        String found = Paths.model(argument, study.folder());
        ModelSource source;
        try {
            source = Node.openArgument(found);
        } catch (RequestException missing) {
            throw new RequestException(mark.toString(), label + ": " + missing.getMessage(), null, null, missing.hint() == null ? KnownFiles.hint(argument) : missing.hint());
        }
        plan.opened.add(source);
        return new Node.Given(label, found, hashes.model(found), source, foreign);
    }

    private Map<String, Node> nodes(String variant, long seed) { return nodes.computeIfAbsent(variant + "/" + seed, _ -> new LinkedHashMap<>(Map.of(Study.BASE, base))); }

    private List<String> variants(List<String> only) { return only.isEmpty() ? List.copyOf(study.variants().keySet()) : only; }

    private static String inVariant(String name, String variant) { return variant.isEmpty() ? name : name + " (" + variant + ")"; }

    /** A name's variant shows only where there are several. */
    private String shown(String name, String variant, boolean varies) { return varies && study.variants().size() > 1 ? inVariant(name, variant) : name; }

    private void expert(Expert expert) {
        boolean varies = expert.source() instanceof Source.Training || expert.source() instanceof Source.Permuted permuted && study.experts().get(permuted.of()).source() instanceof Source.Training;
        List<String> variants = variants(expert.variants());
        Node only = varies ? null : guarded(expert.mark(), () -> checked(expert));
        if (!varies && only == null) return;
        for (String variant : variants) {
            String shownVariant = varies ? variant : "";
            Method method = new Method(shown(expert.name(), variant, varies), Method.Kind.EXPERT, expert.name(), expert.title(), study.variants().size() > 1 ? shownVariant : "", expert.control(), new LinkedHashMap<>());
            boolean first = plan.methods.stream().noneMatch(each -> each.name().equals(method.name()));
            if (expert.row() && first) plan.methods.add(method);
            for (long seed : plan.seeds) {
                Node node = only != null ? only : guarded(expert.mark(), () -> made(expert, variant, seed));
                if (node == null) return;
                nodes(variant, seed).put(expert.name(), node);
                if (expert.row() && first) row(method, seed, node);
            }
        }
    }

    private Node made(Expert expert, String variant, long seed) {
        String label = shown(expert.name(), variant, true) + " seed " + seed;
        if (expert.source() instanceof Source.Permuted permuted) {
            if (!expert.allowForeign()) throw new RequestException(expert.mark().toString(), "expert '" + expert.name() + "' looks foreign: its units are in another order than the base's", "allow_foreign: true, which makes it a control", null);
            Node of = nodes(variant, seed).get(permuted.of());
            if (of == null) throw new RequestException(expert.mark().toString(), "expert '" + permuted.of() + "' must stand before '" + expert.name() + "' and exist in its variants");
            Node node = new Node.Permuted(label, of, permuted.seed(), Hash.of("permuted", of.key(), Long.toString(permuted.seed())));
            new Permutation(node.promise(), permuted.seed()); // refuses what cannot be permuted
            return node;
        }
        Source.Training source = (Source.Training) expert.source();
        Table settings = source.settings();
        if (!variant.isEmpty()) settings = Tables.overlay(settings, study.variants().get(variant));
        if (source.inVariant().containsKey(variant)) settings = Tables.overlay(settings, source.inVariant().get(variant));
        boolean adapter = Tables.get(settings, "lora") != null;
        Step step = trainStep(label, settings, base, seed, expert.mark());
        return new Node.Made(label, step, base, new PromisedModel(label, base.promise()), adapter);
    }

    private Step trainStep(String label, Table settings, Node base, long seed, Mark mark) {
        Table scaled = Fractions.training(settings, options.fraction());
        training.check(checkable(data.checkable(scaled), base, mark));
        JsonObject key = Tables.json(Tables.without(data.keyed(scaled), "checkpoint_steps")).getAsJsonObject();
        key.addProperty("seed", seed);
        String hash = Hash.of(FORMAT, "train", base == null ? "scratch" : base.key(), Hash.of(key));
        List<Step> needs = new ArrayList<>(data.needs(scaled));
        if (base != null) needs.addAll(base.steps());
        Step.Work work = (folder, progress) -> {
            Table ready = data.ready(scaled);
            if (base != null) ready = Tables.with(ready, "model", new Text(Node.argument(base, plan.pool()), mark));
            ready = Tables.with(ready, "output", new Text(folder.resolve("model").toString(), mark));
            ready = Tables.with(ready, "seed", new YamlValue.Number(seed, Long.toString(seed), mark));
            training.train(ready, folder, plan.threads, progress);
        };
        Step step = plan.add(new Step("train " + label, Step.Kind.TRAIN, hash, List.copyOf(needs), costs.training(scaled, data.tokens(scaled)), work));
        if (!plan.trainings.contains(step)) plan.trainings.add(step);
        return step;
    }

    /** Settings as they will be, with names in the place of files that are not there yet. */
    private Table checkable(Table settings, Node base, Mark mark) {
        Table ready = settings;
        if (base != null) {
            if (Tables.get(settings, "model") != null) throw new RequestException(settings.entries().get("model").key().toString(), "an expert of another base: the study's base is what it starts from", "no model", "model");
            ready = Tables.with(ready, "model", new Text("base", mark));
        }
        return Tables.with(ready, "output", new Text("output", mark));
    }

    private Node checked(Expert expert) {
        Source.Given source = (Source.Given) expert.source();
        Node node = given(expert.name(), source.argument(), expert.mark(), expert.allowForeign());
        if (base instanceof Node.Made) return node; // there is nothing yet to compare it with
        Ancestry.Finding finding = Ancestry.check(base.promise(), node.promise());
        if (finding.foreign().isPresent() && !expert.allowForeign())
            throw new RequestException(expert.mark().toString(), "expert '" + expert.name() + "' looks as if it were of another base: " + finding.foreign().get(), "an expert of " + base.label(), source.argument(),
                    "allow_foreign: true takes it all the same, as a control");
        if (finding.foreign().isPresent() && Double.isNaN(finding.distance()))
            throw new RequestException(expert.mark().toString(), "expert '" + expert.name() + "' cannot be merged with the base at all: " + finding.foreign().get());
        return node;
    }

    private void merge(MergeSpec spec) {
        for (String variant : variants(spec.variants())) {
            boolean varies = usesVariant(spec, variant);
            String shownVariant = varies && study.variants().size() > 1 ? variant : "";
            for (SequencedMap<String, YamlValue> point : points(spec.sweep())) {
                StringBuilder name = new StringBuilder(spec.name());
                SequencedMap<String, String> shown = new LinkedHashMap<>();
                Table recipe = spec.recipe();
                for (Map.Entry<String, YamlValue> each : point.entrySet()) {
                    for (String key : each.getKey().split("\\+")) recipe = Tables.with(recipe, key.strip(), each.getValue());
                    shown.put(each.getKey(), Tables.shortText(each.getValue()));
                    if (spec.sweep().get(each.getKey()).size() > 1) name.append(' ').append(shortKey(each.getKey())).append('=').append(Tables.shortText(each.getValue()));
                }
                candidate(spec, recipe, variant, shown, shown(name.toString(), variant, varies), shownVariant);
            }
        }
    }

    private static String shortKey(String key) { return key.substring(key.lastIndexOf('.') + 1); }

    /** Whether a merge has an input that differs from variant to variant. */
    private boolean usesVariant(MergeSpec spec, String variant) {
        return inputs(spec.recipe(), nodes(variant, plan.seeds.getFirst())).values().stream().anyMatch(node -> !(node instanceof Node.Given));
    }

    private void candidate(MergeSpec spec, Table recipe, String variant, SequencedMap<String, String> sweep, String name, String shownVariant) {
        boolean row = spec.row() && plan.methods.stream().noneMatch(each -> each.name().equals(name)), single = spec.sweep().values().stream().allMatch(values -> values.size() == 1);
        for (long seed : plan.seeds) {
            Node node = guarded(spec.mark(), () -> merged(spec, recipe, name + " seed " + seed, variant, seed));
            if (node == null) return;
            nodes(variant, seed).put(name, node);
            if (single) nodes(variant, seed).put(spec.name(), node);
            if (!row) continue;
            if (seed == plan.seeds.getFirst()) plan.methods.add(new Method(name, Method.Kind.MERGE, spec.name(), spec.title(), shownVariant, spec.control() || node.foreign(), sweep));
            row(plan.methods.getLast(), seed, node);
        }
    }

    private Node merged(MergeSpec spec, Table recipe, String label, String variant, long seed) {
        Map<String, Node> inputs = inputs(recipe, nodes(variant, seed));
        for (String name : refs(recipe)) if (!inputs.containsKey(name) && (study.experts().containsKey(name) || study.merges().stream().anyMatch(each -> each.name().equals(name))))
            throw new RequestException(spec.mark().toString(), "the merge '" + spec.name() + "' uses '" + name + "', which comes after it or does not exist in the variant '" + variant + "'");
        for (String name : refs(recipe)) if (!inputs.containsKey(name)) inputs.put(name, given(name, name, spec.mark(), false));
        boolean adapter = Tables.get(recipe, "output") instanceof Text output && output.text().equals("adapter");
        String text = Json.write(Tables.json(recipe));
        Recipe bound = RecipeReader.bind(label, recipe, text);
        Recipe planned = adapter ? RecipeReader.bind(label, Tables.without(recipe, "output"), text) : bound;
        MergePlan promised = Planner.plan(planned, Node.opener(inputs, Node::promise));
        promised.warnings().forEach(warning -> problems.warn(spec.name() + ": " + warning));
        String key = PlanHash.of(promised, inputs, Hash.of(text) + inputs.values().stream().map(Node::key).toList());
        ModelSource promise = new VirtualMerge(label, promised);
        if (!adapter) return new Node.Merged(label, bound, inputs, promise, key);
        for (Map.Entry<String, Node> each : inputs.entrySet())
            if (!each.getKey().equals(Study.BASE) && !(each.getValue() instanceof Node.Made made && made.adapter()) && !(each.getValue() instanceof Node.Given given && given.argument().contains("+")))
                throw new RequestException(spec.mark().toString(), "output: adapter needs experts that are adapters", "trainings with lora, or base+adapter", each.getKey(), "variants: [...] limits a merge to the variants in which they are");
        return new Node.Made(label, plan.add(MergeSteps.adapter(label, bound, inputs, plan, Hash.of(FORMAT, "adapter", key))), base, promise, true);
    }

    /** The nodes that a recipe names. */
    private Map<String, Node> inputs(Table recipe, Map<String, Node> known) {
        Map<String, Node> inputs = new LinkedHashMap<>();
        for (String name : refs(recipe)) if (known.containsKey(name)) inputs.put(name, known.get(name));
        return inputs;
    }

    /** The models of a recipe as they stand in it. */
    private static List<String> refs(Table recipe) {
        List<String> refs = new ArrayList<>();
        for (String key : List.of("base_model", "language", "task", "expert")) if (Tables.get(recipe, key) instanceof Text text) refs.add(text.text());
        models(recipe, refs);
        return refs.stream().distinct().toList();
    }

    private static void models(YamlValue value, List<String> refs) {
        switch (value) {
            case Table table -> table.entries().forEach((key, entry) -> {
                if ((key.equals("model") || key.equals("base_model")) && entry.value() instanceof Text text) refs.add(text.text());
                else models(entry.value(), refs);
            });
            case YamlValue.Items list -> list.items().forEach(item -> models(item, refs));
            default -> { }
        }
    }

    private static List<SequencedMap<String, YamlValue>> points(SequencedMap<String, List<YamlValue>> sweep) {
        List<SequencedMap<String, YamlValue>> points = new ArrayList<>();
        points.add(new LinkedHashMap<>());
        for (Map.Entry<String, List<YamlValue>> axis : sweep.entrySet()) {
            List<SequencedMap<String, YamlValue>> longer = new ArrayList<>();
            for (SequencedMap<String, YamlValue> point : points)
                for (YamlValue value : axis.getValue()) {
                    SequencedMap<String, YamlValue> next = new LinkedHashMap<>(point);
                    next.put(axis.getKey(), value);
                    longer.add(next);
                }
            points = longer;
        }
        return points;
    }

    private void row(Method method, long seed, Node node) {
        Map<String, Step> evaluations = new LinkedHashMap<>();
        String key = node instanceof Node.Merged merged ? merged.key() : PlanHash.of(node.promise(), node.key());
        for (Examiner.Exam exam : plan.exams) {
            Step step = new Step("evaluate " + (node == base ? Study.BASE : method.name() + " seed " + seed) + " on " + exam.evaluation().name(), Step.Kind.EVALUATE, Hash.of(FORMAT, "evaluate", key, exam.key()),
                    node.steps(), costs.evaluation(exam), node.label(), (folder, progress) -> examiner.examine(node.label(), () -> node.lent(plan.pool()), exam, folder, plan.threads, progress));
            evaluations.put(exam.evaluation().name(), plan.add(step));
        }
        plan.rows.add(new StudyPlan.Row(method, seed, node, evaluations));
    }

    /** A line out of another harness's results: its tasks by the names of the study's. */
    private Method imported(Study.Import each) {
        Path path = study.folder().resolve(each.results());
        List<EvalResult> results = HarnessResults.read(path);
        Method method = new Method(each.name(), Method.Kind.IMPORTED, each.name(), "evaluated by lm-evaluation-harness", "", false, new LinkedHashMap<>());
        Map<String, Step> evaluations = new LinkedHashMap<>();
        for (Examiner.Exam exam : plan.exams) {
            EvalResult result = results.stream().filter(one -> one.task().equals(exam.evaluation().task()) || one.task().equals(exam.evaluation().name())).findFirst()
                    .orElseThrow(() -> new RequestException(each.results(), "has no task " + exam.evaluation().task(), "all of the study's", String.join(", ", results.stream().map(EvalResult::task).toList())));
            if (result.samples().size() != exam.questions())
                throw new RequestException(each.results(), result.task() + " has not the study's questions: paired tests need every answer", exam.questions() + " samples", result.samples().size(), "run the harness with --log_samples, and on as many questions");
            String bits = Outcome.of(result.right(result.primary())).json().toString();
            evaluations.put(exam.evaluation().name(), plan.add(new Step("import " + each.name() + " on " + exam.evaluation().name(), Step.Kind.EVALUATE, Hash.of(FORMAT, "import", each.name(), exam.key(), bits), List.of(), Cost.SMALL,
                    (folder, _) -> GraftExaminer.write(result, folder))));
        }
        plan.methods.add(method);
        for (long seed : plan.seeds) plan.rows.add(new StudyPlan.Row(method, seed, base, evaluations));
        return method;
    }

    /** Where the experts of the first seed and variant changed the base. */
    private void analysis() {
        long seed = plan.seeds.getFirst();
        String variant = study.variants().firstEntry().getKey();
        Map<String, Node> experts = new LinkedHashMap<>();
        for (Expert expert : study.experts().values())
            Optional.ofNullable(nodes(variant, seed).get(expert.name())).filter(node -> !node.foreign() && !expert.control()).ifPresent(node -> experts.put(expert.name(), node));
        if (!problems.isEmpty() || experts.isEmpty()) return;
        plan.analysis = plan.add(MergeSteps.analysis(base, experts, plan, FORMAT, costs));
    }
}
