package io.graft.merge.search;

import io.graft.engine.RequestException;
import io.graft.formats.examples.Example;
import io.graft.formats.examples.ExampleReader;
import io.graft.formats.model.ModelSource;
import io.graft.formats.tokenizer.Tokenizer;
import io.graft.formats.tokenizer.TokenizerFiles;
import io.graft.merge.world.BilingualWorld;
import io.graft.merge.world.Curriculum;
import io.graft.merge.world.Line;
import io.graft.merge.world.Problem;
import io.graft.merge.world.ProblemSet;
import io.graft.merge.yaml.Binder;
import io.graft.merge.yaml.Problems;
import io.graft.merge.yaml.YamlReader;
import io.graft.merge.yaml.YamlValue;
import io.graft.merge.yaml.YamlValue.Entry;
import io.graft.merge.yaml.YamlValue.Items;
import io.graft.merge.yaml.YamlValue.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * What a search is given: three models, texts that show what each expert can do, and questions to judge by.
 *
 * <pre>
 * base: folder
 * experts: {math: folder, language: folder}
 * calibration: {math: math.jsonl, language: [a.jsonl, b.jsonl]}
 * evaluation: [{name: dev, file: dev.jsonl}]        # prompt and completion: right is what is right word for word
 * world: {seed: 0, lines: 64, problems: 100}        # texts and questions of the synthetic bilingual world, in place of both
 * </pre>
 *
 * @param experts     the models
 * @param calibration by ability: files
 * @param evaluation  questions: name to file
 * @param world       the synthetic world's seed and sizes; null for none
 */
public record SearchInput(Experts experts, Map<String, List<Path>> calibration, SequencedMap<String, Path> evaluation, World world) {

    /** Far longer than any question; longer texts are cut. */
    private static final int MAX_LENGTH = 1024;
    /** Questions to choose by are of another world than those of {@link io.graft.merge.world.WorldExam}, which nobody chooses by. */
    private static final long DEVELOPMENT = 1L << 40;
    private static final List<String> KEYS = List.of("base", "experts", "calibration", "evaluation", "world");
    /** What else a study says, which a search does not ask. */
    private static final List<String> OF_STUDIES = List.of("name", "title", "description", "status", "data_root", "seeds", "data", "variants", "merges", "evaluations", "compare_with", "headline", "heat_map",
            "examples");
    private static final String MATH = "math", LANGUAGE = "language";

    /**
     * The synthetic world as data.
     *
     * @param seed     of the world
     * @param lines    of each ability
     * @param problems of each of the six sets
     */
    public record World(long seed, int lines, int problems) {}

    /**
     * Reads a file.
     *
     * @param file what errors call it
     * @param text its YAML
     * @return what it says; models that it does not name are null
     * @throws RequestException if anything is wrong with it; the other problems are its suppressed exceptions
     */
    public static SearchInput read(String file, String text) {
        Problems problems = new Problems();
        SearchInput read = new Reader(problems).read(YamlReader.read(file, text, problems));
        problems.throwIfAny();
        return read;
    }

    /** Binds the YAML. */
    private static final class Reader {

        private final Binder bind;

        Reader(Problems problems) { bind = new Binder(problems); }

        SearchInput read(YamlValue document) {
            Table top = bind.table(document, "a search");
            if (top == null) return null;
            List<String> known = new ArrayList<>(KEYS);
            known.addAll(OF_STUDIES);
            bind.onlyKeys(top, "a search", known);
            Table experts = table(top, "experts", List.of(MATH, LANGUAGE)), calibration = table(top, "calibration", List.of(MATH, LANGUAGE));
            Map<String, List<Path>> texts = new LinkedHashMap<>();
            if (calibration != null) for (String each : List.of(MATH, LANGUAGE)) texts.put(each, files(calibration, each));
            return new SearchInput(new Experts(text(top, "base"), experts == null ? null : text(experts, MATH), experts == null ? null : text(experts, LANGUAGE)), texts, evaluation(top), world(top));
        }

        private Table table(Table in, String key, List<String> known) {
            Entry entry = in.entries().get(key);
            Table table = entry == null ? null : bind.table(entry.value(), key);
            if (table != null) bind.onlyKeys(table, key, known);
            return table;
        }

        private String text(Table in, String key) {
            Entry entry = in.entries().get(key);
            return entry == null ? null : bind.text(entry.value(), key);
        }

        private List<Path> files(Table in, String key) {
            Entry entry = in.entries().get(key);
            if (entry == null) return List.of();
            List<Path> files = new ArrayList<>();
            for (YamlValue each : entry.value() instanceof Items items ? items.items() : List.of(entry.value())) {
                String text = bind.text(each, key);
                if (text != null) files.add(Path.of(text));
            }
            return files;
        }

        private SequencedMap<String, Path> evaluation(Table top) {
            SequencedMap<String, Path> sets = new LinkedHashMap<>();
            Entry entry = top.entries().get("evaluation");
            if (entry == null) return sets;
            for (YamlValue each : entry.value() instanceof Items items ? items.items() : List.of(entry.value())) {
                if (each instanceof Table named) {
                    bind.onlyKeys(named, "an evaluation", List.of("name", "file"));
                    String name = text(named, "name"), file = text(named, "file");
                    if (file == null) bind.problems().add(named.mark(), "file is missing in an evaluation", "a file of questions", "nothing");
                    else sets.put(name == null ? file : name, Path.of(file));
                } else {
                    String file = bind.text(each, "evaluation");
                    if (file != null) sets.put(Path.of(file).getFileName().toString().replaceFirst("\\.jsonl$", ""), Path.of(file));
                }
            }
            return sets;
        }

        private World world(Table top) {
            Table table = table(top, "world", List.of("seed", "lines", "problems"));
            return table == null ? null : new World(count(table, "seed", 0, 0), count(table, "lines", 1, 64), count(table, "problems", 1, 100));
        }

        private int count(Table in, String key, int least, int standard) {
            Entry entry = in.entries().get(key);
            return entry == null ? standard : bind.count(entry.value(), key, least);
        }
    }

    /**
     * Texts of both abilities.
     *
     * @param model whose tokenizer reads them
     * @param lines how many of the synthetic world's there are to be; 0 for as many as it says
     * @return the texts
     * @throws RequestException if there are none of an ability
     */
    public Calibration calibration(ModelSource model, int lines) {
        ExampleReader reader = reader(model);
        if (world != null) {
            BilingualWorld made = new BilingualWorld(world.seed());
            int count = lines > 0 ? lines : world.lines();
            return new Calibration(examples(reader, made.calibration(Curriculum.MATH, count)), examples(reader, made.calibration(Curriculum.LANGUAGE, count)));
        }
        return new Calibration(texts(reader, MATH), texts(reader, LANGUAGE));
    }

    private List<Example> texts(ExampleReader reader, String ability) {
        List<Path> files = calibration.getOrDefault(ability, List.of());
        if (files.isEmpty()) throw new RequestException("calibration of " + ability, "there are no texts that show this ability", "a file of JSON lines", "none", "--calibration-" + ability + " FILE, or calibration in the file");
        List<Example> all = new ArrayList<>();
        for (Path each : files) all.addAll(reader.read(each));
        return all;
    }

    /**
     * The questions to judge by.
     *
     * @param model whose tokenizer reads them
     * @return the judge; null if there are none
     */
    public Judge judge(ModelSource model) {
        ExampleReader reader = reader(model);
        SequencedMap<String, List<Example>> sets = new LinkedHashMap<>();
        if (world != null) {
            BilingualWorld made = new BilingualWorld(world.seed() ^ DEVELOPMENT);
            for (ProblemSet set : ProblemSet.values()) {
                List<Line> lines = new ArrayList<>();
                for (Problem each : made.problems(set, world.problems())) lines.add(new Line(each.prompt(), " " + each.gold()));
                sets.put(set.key(), examples(reader, lines));
            }
        }
        evaluation.forEach((name, file) -> sets.put(name, reader.read(file)));
        return sets.isEmpty() ? null : new Judge(sets);
    }

    private static List<Example> examples(ExampleReader reader, List<Line> lines) { return lines.stream().map(line -> reader.parse("the synthetic world", line.json())).toList(); }

    private static ExampleReader reader(ModelSource model) {
        TokenizerFiles files = TokenizerFiles.of(model);
        return new ExampleReader(files.has("tokenizer.json") ? Tokenizer.from(files) : null, null, MAX_LENGTH);
    }
}
