package io.graft.merge.experiment;

import io.graft.merge.yaml.Mark;
import io.graft.merge.yaml.YamlValue;
import io.graft.merge.yaml.YamlValue.Table;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A study as it was asked for: bound and checked as far as that goes without opening a model.
 *
 * @param name        a short name, the first word of its report
 * @param title       a line for people
 * @param description what it asks, a paragraph; empty if it says nothing
 * @param status      what a reader must know of it, such as that it has not been run; empty if there is nothing
 * @param base        the model that every expert starts from
 * @param dataRoot    the folder that relative data files are in
 * @param seeds       one run of all experts for each
 * @param data        data made for the trainings out of files, by name
 * @param variants    ways to train every expert, by name; one without changes if the study names none
 * @param experts     the experts, by name
 * @param merges      the merges, before their sweeps are expanded
 * @param evaluations what every model is asked
 * @param imports     results of lm-evaluation-harness that stand in the place of our evaluation
 * @param compareWith methods that all others are tested against; empty for the base and the experts
 * @param headline    methods, or their beginnings, that the short table shows; empty for all
 * @param heatMap     the sweep that the report draws, if any
 * @param examples    how many questions of every evaluation the report shows
 * @param text        its YAML
 * @param folder      where it stands: other relative paths are relative to it
 */
public record Study(String name, String title, String description, String status, Base base, Path dataRoot, List<Long> seeds, SequencedMap<String, Data> data, SequencedMap<String, Table> variants,
        SequencedMap<String, Expert> experts, List<MergeSpec> merges, List<Evaluation> evaluations, List<Import> imports, List<String> compareWith, List<String> headline, Optional<HeatMapSpec> heatMap,
        int examples, String text, Path folder) {

    /** The name by which recipes mean the base. */
    public static final String BASE = "base";

    /** Where the base comes from. */
    public sealed interface Base {

        /** {@return where it stands} */
        Mark mark();

        /**
         * A model argument.
         *
         * @param argument as commands take it
         * @param config   its config.json, by which a study can be planned where the model is not; null for none
         * @param mark     where it stands
         */
        record Given(String argument, Table config, Mark mark) implements Base {}

        /**
         * A training from scratch, by the study's first seed.
         *
         * @param settings the keys of {@code graft train}
         * @param mark     where it stands
         */
        record Trained(Table settings, Mark mark) implements Base {}

        /**
         * A model that comes along with Graft.
         *
         * @param name of it
         * @param mark where it stands
         */
        record Shipped(String name, Mark mark) implements Base {}
    }

    /** Data made for trainings. */
    public sealed interface Data {

        /** {@return where it stands} */
        Mark mark();

        /**
         * Lines of JSON, each turned into a prompt and what is to follow it.
         *
         * @param file       its name under the data root
         * @param prompt     a text in which {@code {field}} stands for a value
         * @param completion the same
         * @param where      values that a line must have to be taken
         * @param take       how many lines at most; 0 for all
         * @param holdOut    how many of them, evenly spread, are kept for validation
         * @param mark       where it stands
         */
        record Records(String file, String prompt, String completion, Map<String, String> where, int take, int holdOut, Mark mark) implements Data {}

        /**
         * Files whose lines belong together.
         *
         * @param files      name of the field to file, one or more
         * @param prompt     a text in which {@code {field}} stands for a line
         * @param completion the same
         * @param take       how many lines at most; 0 for all
         * @param holdOut    how many of them, evenly spread, are kept for validation
         * @param mark       where it stands
         */
        record Parallel(SequencedMap<String, String> files, String prompt, String completion, int take, int holdOut, Mark mark) implements Data {}

        /**
         * Lines of the synthetic bilingual world.
         *
         * @param lesson what they teach
         * @param lines  how many
         * @param mark   where it stands
         */
        record World(String lesson, int lines, Mark mark) implements Data {}
    }

    /**
     * An expert.
     *
     * @param name         its name, which recipes use
     * @param title        a line for people; empty for none
     * @param source       where it comes from
     * @param allowForeign whether it may be of another base: a control
     * @param control      whether it is reported as a control
     * @param row          whether it is evaluated for itself
     * @param variants     in which variants it exists; empty for all
     * @param mark         where it stands
     */
    public record Expert(String name, String title, Source source, boolean allowForeign, boolean control, boolean row, List<String> variants, Mark mark) {}

    /** Where an expert comes from. */
    public sealed interface Source {

        /**
         * A training.
         *
         * @param settings  the keys of {@code graft train}
         * @param inVariant what is laid over them in a variant, by its name
         */
        record Training(Table settings, Map<String, Table> inVariant) implements Source {}

        /**
         * A model that is there.
         *
         * @param argument as commands take it
         */
        record Given(String argument) implements Source {}

        /**
         * Another expert with its hidden units in another order: the same function in another basis, so that no merge with it can work.
         *
         * @param of   its name
         * @param seed of the order
         */
        record Permuted(String of, long seed) implements Source {}
    }

    /**
     * A merge, or as many as its sweep has.
     *
     * @param name     the beginning of its methods' names
     * @param title    a line for people; empty for none
     * @param recipe   a recipe whose models are experts of the study, merges before it, {@code base}, or model arguments
     * @param sweep    dotted keys of the recipe to the values that they take
     * @param control  whether it is reported as a control
     * @param row      whether it is evaluated, or only used by merges after it
     * @param variants in which variants it exists; empty for all
     * @param mark     where it stands
     */
    public record MergeSpec(String name, String title, Table recipe, SequencedMap<String, List<YamlValue>> sweep, boolean control, boolean row, List<String> variants, Mark mark) {}

    /**
     * A task that every model is evaluated on.
     *
     * @param name     what the report calls it
     * @param title    a line for people; empty for none
     * @param task     the task's name, or its file
     * @param settings what else is said of it
     * @param mark     where it stands
     */
    public record Evaluation(String name, String title, String task, Table settings, Mark mark) {}

    /**
     * What lm-evaluation-harness found of a model, as a line of the grid.
     *
     * @param name    of the line
     * @param results {@code results_*.json}, its folder, or {@code samples_*.jsonl}, relative to the study
     * @param mark    where it stands
     */
    public record Import(String name, String results, Mark mark) {}

    /**
     * The picture of a sweep.
     *
     * @param merge      the merge's name
     * @param rows       the swept key of its rows
     * @param columns    that of its columns
     * @param evaluation whose accuracy it shows; empty for every one
     */
    public record HeatMapSpec(String merge, String rows, String columns, Optional<String> evaluation) {}

    /**
     * With data elsewhere.
     *
     * @param folder the data root
     * @return a copy
     */
    Study withDataRoot(Path folder) {
        return new Study(name, title, description, status, base, folder, seeds, data, variants, experts, merges, evaluations, imports, compareWith, headline, heatMap, examples, text, this.folder);
    }
}
