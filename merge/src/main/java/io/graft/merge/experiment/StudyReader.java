package io.graft.merge.experiment;

import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.merge.experiment.Study.Base;
import io.graft.merge.experiment.Study.Evaluation;
import io.graft.merge.experiment.Study.Expert;
import io.graft.merge.experiment.Study.HeatMapSpec;
import io.graft.merge.experiment.Study.MergeSpec;
import io.graft.merge.experiment.Study.Source;
import io.graft.merge.yaml.Binder;
import io.graft.merge.yaml.Problems;
import io.graft.merge.yaml.Suggestion;
import io.graft.merge.yaml.YamlReader;
import io.graft.merge.yaml.YamlValue;
import io.graft.merge.yaml.YamlValue.Entry;
import io.graft.merge.yaml.YamlValue.Items;
import io.graft.merge.yaml.YamlValue.Table;
import io.graft.merge.yaml.YamlValue.Text;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;

/** Binds the YAML of a study; every mistake that can be seen without opening a model is found here, all at once, each with its line. */
public final class StudyReader {

    private static final List<String> KEYS = List.of("name", "title", "description", "status", "base", "data_root", "seeds", "data", "variants", "experts", "merges", "evaluations", "imports", "compare_with", "headline", "heat_map", "examples");
    /** The keys of layer_swap whose value is one word or number: a list there is a sweep. */
    private static final List<String> SWEPT = List.of("bottom", "top", "transition_bottom", "transition_top", "ramp", "embeddings", "final_norm", "lm_head");

    private final String file;
    private final String text;
    private final Path folder;
    private final Path defaultRoot;
    private final Problems problems = new Problems();
    private final Binder bind = new Binder(problems);

    private StudyReader(String file, String text, Path folder, Path defaultRoot) {
        this.file = file;
        this.text = text;
        this.folder = folder;
        this.defaultRoot = defaultRoot;
    }

    /**
     * Reads a study's file.
     *
     * @param file        the study, YAML
     * @param defaultRoot the data root where the study names none
     * @return the study
     * @throws RequestException if it is missing or anything is wrong with it; the other problems are its suppressed exceptions
     */
    public static Study read(Path file, Path defaultRoot) {
        Path parent = file.toAbsolutePath().getParent();
        return read(file.toString(), Json.readText(file), parent, defaultRoot);
    }

    /**
     * Reads a study's text.
     *
     * @param file        what errors call it
     * @param text        its YAML
     * @param folder      what its relative paths are relative to
     * @param defaultRoot the data root where the study names none
     * @return the study
     * @throws RequestException if anything is wrong with it
     */
    public static Study read(String file, String text, Path folder, Path defaultRoot) {
        StudyReader reader = new StudyReader(file, text, folder, defaultRoot);
        Study study = reader.study(YamlReader.read(file, text, reader.problems));
        reader.problems.throwIfAny();
        return study;
    }

    private Study study(YamlValue document) {
        Table top = bind.table(document, "a study");
        if (top == null) return null;
        bind.onlyKeys(top, "the study", KEYS);
        Base base = base(top);
        SequencedMap<String, Table> variants = new LinkedHashMap<>();
        named(top, "variants", "a variant", (name, table) -> {
            variants.put(name, table);
            return null;
        });
        if (variants.isEmpty()) variants.put("", new Table(new LinkedHashMap<>(), top.mark()));
        SequencedMap<String, Study.Data> data = named(top, "data", "data", (name, table) -> new DataReader(bind).read(table));
        SequencedMap<String, Expert> experts = experts(top, variants.keySet());
        List<MergeSpec> merges = merges(top, variants.keySet(), experts.keySet());
        List<Evaluation> evaluations = evaluations(top);
        Path root = Tables.get(top, "data_root") instanceof Text t ? folder.resolve(t.text()).normalize() : defaultRoot;
        int examples = Tables.get(top, "examples") == null ? 3 : bind.count(Tables.get(top, "examples"), "examples", 0);
        Set<String> methods = new LinkedHashSet<>(experts.keySet());
        methods.add(Study.BASE);
        for (MergeSpec merge : merges) methods.add(merge.name());
        for (Study.Import each : imports(top)) methods.add(each.name());
        return new Study(word(top, "name", nameOf(file)), word(top, "title", nameOf(file)), word(top, "description", ""), word(top, "status", ""), base, root, seeds(top), data, variants, experts, merges, evaluations, imports(top),
                methodNames(top, "compare_with", methods), methodNames(top, "headline", methods), heatMap(top, merges, evaluations), examples, text, folder);
    }

    private static String nameOf(String file) { return Path.of(file).getFileName().toString().replaceFirst("\\.ya?ml$", ""); }

    private String word(Table table, String key, String otherwise) {
        YamlValue value = Tables.get(table, key);
        String word = value == null ? null : bind.text(value, key);
        return word == null ? otherwise : word.strip();
    }

    private boolean truth(Table table, String key, boolean otherwise) {
        YamlValue value = Tables.get(table, key);
        return value == null ? otherwise : bind.truth(value, key);
    }

    private Base base(Table top) {
        YamlValue value = Tables.get(top, "base");
        if (value == null) {
            problems.add(top.mark(), "base is missing: the model that the experts start from", "a model, {train: ...} or {shipped: NAME}", "nothing");
            return null;
        }
        if (value instanceof Text argument) return new Base.Given(argument.text(), null, argument.mark());
        Table table = bind.table(value, "base");
        if (table == null) return null;
        bind.onlyKeys(table, "base", List.of("train", "shipped", "model", "config"));
        if (Tables.get(table, "model") instanceof Text model) return new Base.Given(model.text(), Tables.get(table, "config") instanceof Table config ? config : null, model.mark());
        if (Tables.get(table, "shipped") instanceof Text shipped) return new Base.Shipped(shipped.text(), shipped.mark());
        if (Tables.get(table, "train") instanceof Table settings) return new Base.Trained(settings, table.mark());
        problems.add(table.mark(), "base says not where it comes from", "a model, {train: ...} or {shipped: NAME}", "neither");
        return null;
    }

    private List<Long> seeds(Table top) {
        YamlValue value = Tables.get(top, "seeds");
        List<Long> seeds = new ArrayList<>();
        if (value == null) return List.of(0L);
        if (value instanceof YamlValue.Number) {
            int count = bind.count(value, "seeds", 1);
            for (long seed = 0; seed < count; seed++) seeds.add(seed);
            return seeds;
        }
        for (YamlValue item : bind.items(value, "seeds")) {
            long seed = bind.count(item, "a seed", 0);
            if (seeds.contains(seed)) problems.add(item.mark(), "the seed stands twice", "each once", seed);
            else seeds.add(seed);
        }
        return seeds;
    }

    /** A mapping of names to mappings. */
    private <T> SequencedMap<String, T> named(Table top, String key, String what, java.util.function.BiFunction<String, Table, T> read) {
        SequencedMap<String, T> all = new LinkedHashMap<>();
        YamlValue value = Tables.get(top, key);
        Table table = value == null ? null : bind.table(value, key);
        if (table == null) return all;
        table.entries().forEach((name, entry) -> {
            if (!name.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*")) problems.add(entry.key(), "'" + name + "' cannot be a name", "letters, digits, _ . and -", name);
            YamlValue inner = entry.value() instanceof YamlValue.Nothing nothing ? new Table(new LinkedHashMap<>(), nothing.mark()) : entry.value();
            Table each = bind.table(inner, what + " '" + name + "'");
            T bound = each == null ? null : read.apply(name, each);
            if (bound != null) all.put(name, bound);
        });
        return all;
    }

    private SequencedMap<String, Expert> experts(Table top, Set<String> variants) {
        SequencedMap<String, Expert> experts = new LinkedHashMap<>();
        YamlValue value = Tables.get(top, "experts");
        Table table = value == null ? null : bind.table(value, "experts");
        if (table == null) {
            if (value == null) problems.add(top.mark(), "experts is missing", "one expert or more, by name", "nothing");
            return experts;
        }
        table.entries().forEach((name, entry) -> {
            if (name.equals(Study.BASE) || !name.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*")) {
                problems.add(entry.key(), "'" + name + "' cannot be the name of an expert", "letters, digits, _ . and -, and not " + Study.BASE, name);
                return;
            }
            if (entry.value() instanceof Text path) experts.put(name, new Expert(name, "", new Source.Given(path.text()), false, false, true, List.of(), entry.key()));
            else Optional.ofNullable(bind.table(entry.value(), "expert '" + name + "'")).flatMap(each -> expert(name, each, entry, variants)).ifPresent(expert -> experts.put(name, expert));
        });
        for (Expert expert : experts.values())
            if (expert.source() instanceof Source.Permuted permuted && !experts.containsKey(permuted.of()))
                problems.add(expert.mark(), "there is no expert '" + permuted.of() + "' to permute", null, null, Suggestion.of(permuted.of(), experts.keySet()));
        return experts;
    }

    private Optional<Expert> expert(String name, Table table, Entry entry, Set<String> variants) {
        bind.onlyKeys(table, "expert '" + name + "'", List.of("title", "train", "path", "permute", "seed", "allow_foreign", "control", "row", "variants", "in_variant"));
        List<String> sources = List.of("train", "path", "permute").stream().filter(key -> Tables.get(table, key) != null).toList();
        if (sources.size() != 1) {
            problems.add(entry.key(), "expert '" + name + "' must say where it comes from", "one of train, path, permute", sources.isEmpty() ? "none" : String.join(" and ", sources));
            return Optional.empty();
        }
        Source source = switch (sources.getFirst()) {
            case "train" -> {
                Table settings = bind.table(Tables.get(table, "train"), "train");
                if (settings == null) yield null;
                for (String key : List.of("output", "seed")) if (settings.entries().containsKey(key)) problems.add(settings.entries().get(key).key(), key + " is the study's to set", "no " + key, key);
                yield new Source.Training(settings, inVariants(table, variants));
            }
            case "path" -> {
                String path = bind.text(Tables.get(table, "path"), "path");
                yield path == null ? null : new Source.Given(path);
            }
            default -> {
                String of = bind.text(Tables.get(table, "permute"), "permute");
                yield of == null ? null : new Source.Permuted(of, Tables.get(table, "seed") == null ? 1 : bind.count(Tables.get(table, "seed"), "seed", 0));
            }
        };
        if (source == null) return Optional.empty();
        boolean foreign = truth(table, "allow_foreign", false);
        return Optional.of(new Expert(name, word(table, "title", ""), source, foreign, truth(table, "control", foreign), truth(table, "row", true), some(table, "variants", variants), entry.key()));
    }

    private Map<String, Table> inVariants(Table table, Set<String> variants) {
        Map<String, Table> all = new LinkedHashMap<>();
        YamlValue value = Tables.get(table, "in_variant");
        Table over = value == null ? null : bind.table(value, "in_variant");
        if (over == null) return all;
        bind.onlyKeys(over, "in_variant", variants);
        over.entries().forEach((variant, entry) -> {
            Table settings = bind.table(entry.value(), "in_variant." + variant);
            if (settings != null) all.put(variant, settings);
        });
        return all;
    }

    /** Some of the words that there are. */
    private List<String> some(Table table, String key, Set<String> known) {
        List<String> words = new ArrayList<>();
        YamlValue value = Tables.get(table, key);
        if (value == null) return words;
        for (YamlValue item : value instanceof Items ? bind.items(value, key) : List.of(value)) {
            String word = bind.text(item, key);
            if (word == null) continue;
            if (known.contains(word)) words.add(word);
            else problems.add(item.mark(), "'" + word + "' is none of the study's " + key, String.join(", ", known), word, Suggestion.of(word, known));
        }
        return words;
    }

    private List<MergeSpec> merges(Table top, Set<String> variants, Set<String> experts) {
        List<MergeSpec> merges = new ArrayList<>();
        YamlValue value = Tables.get(top, "merges");
        if (value == null) return merges;
        Set<String> names = new LinkedHashSet<>(experts);
        names.add(Study.BASE);
        for (YamlValue item : bind.items(value, "merges")) {
            Table table = bind.table(item, "a merge");
            if (table == null) continue;
            bind.onlyKeys(table, "a merge", List.of("name", "title", "recipe", "sweep", "control", "row", "variants"));
            String name = word(table, "name", null);
            Table recipe = Tables.get(table, "recipe") == null ? null : bind.table(Tables.get(table, "recipe"), "recipe");
            if (name == null || recipe == null) {
                if (name == null) problems.add(table.mark(), "a merge needs a name");
                if (Tables.get(table, "recipe") == null) problems.add(table.mark(), "a merge needs a recipe", "recipe: {merge_method: ...}", "nothing");
                continue;
            }
            if (name.contains("+") || name.contains("/")) problems.add(table.mark(), "'" + name + "' cannot be the name of a merge", "no + and no /", name);
            if (!names.add(name)) problems.add(table.mark(), "the name '" + name + "' is taken", "a name of its own", name);
            SequencedMap<String, List<YamlValue>> sweep = new LinkedHashMap<>();
            Table plain = sweep(recipe, sweep);
            if (Tables.get(table, "sweep") != null) {
                Table more = bind.table(Tables.get(table, "sweep"), "sweep");
                if (more != null) more.entries().forEach((key, entry) -> sweep.put(key, bind.items(entry.value(), "sweep." + key)));
            }
            merges.add(new MergeSpec(name, word(table, "title", ""), plain, sweep, truth(table, "control", false), truth(table, "row", true), some(table, "variants", variants), table.mark()));
        }
        return merges;
    }

    /** The recipe with the first value of every list that is a sweep, and the lists. */
    private Table sweep(Table recipe, SequencedMap<String, List<YamlValue>> sweep) {
        boolean swap = Tables.get(recipe, "merge_method") instanceof Text method && method.text().equals("layer_swap");
        if (!swap) return recipe;
        Table plain = recipe;
        for (String key : SWEPT) {
            if (!(Tables.get(recipe, key) instanceof Items list)) continue;
            List<YamlValue> values = bind.items(list, key);
            if (values.isEmpty()) continue;
            sweep.put(key, values);
            plain = Tables.with(plain, key, values.getFirst());
        }
        return plain;
    }

    private List<Evaluation> evaluations(Table top) {
        List<Evaluation> evaluations = new ArrayList<>();
        YamlValue value = Tables.get(top, "evaluations");
        if (value == null) {
            problems.add(top.mark(), "evaluations is missing", "a list of tasks", "nothing");
            return evaluations;
        }
        Set<String> names = new LinkedHashSet<>();
        for (YamlValue item : bind.items(value, "evaluations")) {
            Table table = item instanceof Text ? new Table(new LinkedHashMap<>(), item.mark()) : bind.table(item, "an evaluation");
            if (table == null) continue;
            bind.onlyKeys(table, "an evaluation", List.of("name", "title", "task", "limit", "shots", "max_tokens", "numeric", "metric", "batch_size"));
            String task = item instanceof Text text ? text.text() : word(table, "task", null);
            if (task == null) {
                problems.add(table.mark(), "an evaluation needs a task");
                continue;
            }
            String name = word(table, "name", nameOf(task));
            if (!names.add(name)) problems.add(table.mark(), "the evaluation '" + name + "' stands twice", "a name of its own", name);
            evaluations.add(new Evaluation(name, word(table, "title", ""), task, Tables.without(table, "name", "title", "task"), item.mark()));
        }
        return evaluations;
    }

    private List<Study.Import> imports(Table top) {
        List<Study.Import> imports = new ArrayList<>();
        YamlValue value = Tables.get(top, "imports");
        if (value == null) return imports;
        for (YamlValue item : bind.items(value, "imports")) {
            Table table = bind.table(item, "an import");
            if (table == null) continue;
            bind.onlyKeys(table, "an import", List.of("name", "results"));
            String name = word(table, "name", null), results = word(table, "results", null);
            if (name == null || results == null) problems.add(table.mark(), "an import needs name and results", "both", name == null ? "no name" : "no results");
            else imports.add(new Study.Import(name, results, table.mark()));
        }
        return imports;
    }

    /** Methods by name; what is known only once sweeps are expanded is checked by its beginning. */
    private List<String> methodNames(Table top, String key, Set<String> known) {
        List<String> names = new ArrayList<>();
        YamlValue value = Tables.get(top, key);
        if (value == null) return names;
        for (YamlValue item : bind.items(value, key)) {
            String name = bind.text(item, key);
            if (name == null) continue;
            if (known.stream().noneMatch(each -> name.equals(each) || name.startsWith(each + " "))) problems.add(item.mark(), "'" + name + "' in " + key + " is no method of the study", null, null, Suggestion.of(name, known));
            names.add(name);
        }
        return names;
    }

    private Optional<HeatMapSpec> heatMap(Table top, List<MergeSpec> merges, List<Evaluation> evaluations) {
        YamlValue value = Tables.get(top, "heat_map");
        Table table = value == null ? null : bind.table(value, "heat_map");
        if (table == null) return Optional.empty();
        bind.onlyKeys(table, "heat_map", List.of("merge", "rows", "columns", "evaluation"));
        String merge = word(table, "merge", ""), rows = word(table, "rows", "bottom"), columns = word(table, "columns", "top");
        Function<String, Boolean> swept = key -> merges.stream().anyMatch(each -> each.name().equals(merge) && each.sweep().containsKey(key));
        for (String key : List.of(rows, columns)) {
            if (!swept.apply(key)) problems.add(table.mark(), "heat_map: the merge '" + merge + "' sweeps no " + key, "a merge and two of its swept keys", key);
        }
        String evaluation = word(table, "evaluation", null);
        if (evaluation != null && evaluations.stream().noneMatch(each -> each.name().equals(evaluation)))
            problems.add(table.mark(), "heat_map: there is no evaluation '" + evaluation + "'", null, null, Suggestion.of(evaluation, evaluations.stream().map(Evaluation::name).toList()));
        return Optional.of(new HeatMapSpec(merge, rows, columns, Optional.ofNullable(evaluation)));
    }
}
