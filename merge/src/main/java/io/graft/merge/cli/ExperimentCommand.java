package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.merge.eval.TaskSettings;
import io.graft.merge.experiment.Cost;
import io.graft.merge.experiment.ReadyStudies;
import io.graft.merge.experiment.Step;
import io.graft.merge.experiment.Study;
import io.graft.merge.experiment.StudyFiles;
import io.graft.merge.experiment.StudyOptions;
import io.graft.merge.experiment.StudyPlan;
import io.graft.merge.experiment.StudyResult;
import io.graft.merge.experiment.StudyRun;
import io.graft.merge.experiment.StudyText;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft experiment}: trains, merges, evaluates and reports a study, and does nothing twice. */
@Command(name = "experiment", description = "Runs a study: trains experts, merges them every way, evaluates, reports.",
        footer = {"", "Example: graft experiment bilingual-world --out study", "",
            "STUDY is a YAML file or a study that comes along: bilingual-world, smollm2-swahili, and for 7B models llama31-8b-, qwen25-7b-, falcon3-7b-, aya-expanse-8b- with swahili, bengali or telugu; --list shows them, --show prints one.",
            "Writes report.html, report.md, results.json, results.csv and samples/*.jsonl into DIR, and keeps finished steps in DIR/cache: run again, it does only what is not there or has changed.",
            "--json prints results.json; with --dry-run its keys are study, steps (id, kind, done, seconds, memory_bytes, needs), seconds, memory_bytes, methods."})
final class ExperimentCommand implements Callable<Integer> {

    @Parameters(index = "0", arity = "0..1", paramLabel = "STUDY", description = "A study's file, or the name of one that comes along.")
    String study;

    @Option(names = "--out", paramLabel = "DIR", description = "Where results go (default: the study's name).")
    Path out;

    @Option(names = "--cache", paramLabel = "DIR", description = "Where finished steps are kept (default: DIR/cache).")
    Path cache;

    @Option(names = "--seeds", paramLabel = "N", description = "How many seeds, from 0 (default: what the study says).")
    Integer seeds;

    @Option(names = "--fraction", paramLabel = "F", description = "This part of every training's steps and evaluation's questions, for a first look.", defaultValue = "1")
    double fraction;

    @Option(names = "--base", paramLabel = "MODEL", description = "Another place of the study's base.")
    String base;

    @Option(names = "--data-root", paramLabel = "DIR", description = "Where data files are (default: what the study says, else $GRAFT_SHARED/data, else ../shared/data).")
    Path dataRoot;

    @Option(names = "--dry-run", description = "Show the steps and what they will take; nothing is written.")
    boolean dryRun;

    @Option(names = "--no-cache", description = "Make all steps anew.")
    boolean noCache;

    @Option(names = "--write-merges", paramLabel = "DIR", description = "Write every merge as a model folder (or an adapter's) too, with merges.json, which says which is which.")
    Path writeMerges;

    @Option(names = "--list", description = "List the studies that come along.")
    boolean list;

    @Option(names = "--show", description = "Print the study's YAML, to start your own from.")
    boolean show;

    @Mixin
    CommonOptions common = new CommonOptions();

    @Override
    public Integer call() {
        if (list) return listStudies();
        if (study == null) throw new RequestException("STUDY", "which study?", "a YAML file, or one of " + String.join(", ", ReadyStudies.names()), "nothing");
        if (common.threads < 1) throw new RequestException("--threads", "too few", "1 or more", common.threads);
        if (!(fraction > 0 && fraction <= 1)) throw new RequestException("--fraction", "not a part", "over 0, at most 1", fraction);
        if (seeds != null && seeds < 1) throw new RequestException("--seeds", "too few", "1 or more", seeds);
        Study read = ReadyStudies.read(study, Optional.ofNullable(dataRoot), TaskSettings.defaultDataRoot());
        if (show) {
            System.out.print(read.text());
            return 0;
        }
        Path folder = out == null ? Path.of(read.name()) : out;
        if (Files.exists(folder) && !Files.isDirectory(folder)) throw new RequestException(folder.toString(), "the output is a file", "a folder, or nothing there", "a file");
        if (writeMerges != null && Files.exists(writeMerges) && !Files.isDirectory(writeMerges)) throw new RequestException("--write-merges", writeMerges + " is a file", "a folder, or nothing there", "a file");
        if (!dryRun && out == null) common.note("results go to " + folder);
        List<Long> count = new ArrayList<>();
        for (long seed = 0; seeds != null && seed < seeds; seed++) count.add(seed);
        StudyOptions options = new StudyOptions(cache == null ? folder.resolve("cache") : cache, noCache, fraction, count, Optional.ofNullable(base), common.threads, common.kernels, dryRun);
        return dryRun ? plan(read, options) : StopSignals.run("finishing what must be finished; the same command goes on from there", stop -> run(read, options, folder, stop), _ -> {});
    }

    private int run(Study read, StudyOptions options, Path folder, java.util.function.BooleanSupplier stop) {
        try (StudyProgress progress = new StudyProgress(common, stop); StudyRun run = StudyRun.open(read, options, progress)) {
            run.plan().warnings().forEach(common::warn);
            StudyResult result = run.run();
            progress.end();
            write(result, folder);
            if (writeMerges != null) common.note(run.writeMerges(writeMerges) + " merges were written into " + writeMerges + "; merges.json says which is which");
            if (common.json) System.out.print(Json.write(StudyFiles.json(result)));
            else print(result, folder, System.out);
        }
        return 0;
    }

    /** Writes all files of a study; the page only where something was made, so that a second run changes nothing. */
    static void write(StudyResult result, Path folder) {
        StudyFiles.write(result, folder);
        StudyFiles.put(folder.resolve("report.md"), StudyText.markdown(result).getBytes(StandardCharsets.UTF_8));
        if (result.made() > 0 || !Files.exists(folder.resolve("report.html"))) StudyFiles.put(folder.resolve("report.html"), ExperimentPage.of(result).getBytes(StandardCharsets.UTF_8));
    }

    /** The short table, what it says, and where the rest is. */
    static void print(StudyResult result, Path folder, PrintStream to) {
        to.println(result.study().title());
        to.println();
        ExperimentTable.of(result, StudyText.headline(result)).print(to, 0);
        to.println();
        to.println("Percent of right answers, of " + result.evaluations().getFirst().total() + (result.seeds().size() > 1 ? " questions, means of " + result.seeds().size() + " seeds." : " questions; * a control."));
        to.println(result.steps() + " steps, " + result.made() + " of them made now" + (result.made() > 0 ? " in " + Text.seconds(result.seconds()) : "") + "; everything: " + folder.resolve("report.html"));
    }

    private int plan(Study read, StudyOptions options) {
        try (StudyRun run = StudyRun.open(read, options, new StudyProgress(common, () -> false))) {
            StudyPlan plan = run.plan();
            plan.warnings().forEach(common::warn);
            if (common.json) System.out.print(Json.write(json(read, run)));
            else print(read, run, System.out);
        }
        return 0;
    }

    private static void print(Study read, StudyRun run, PrintStream to) {
        to.println(read.title());
        if (!read.status().isEmpty()) to.println(read.status());
        to.println();
        Table table = new Table("step", ">about", ">memory", "after", "");
        int evaluations = 0;
        double evaluating = 0;
        for (Step step : run.plan().steps()) {
            if (step.kind() == Step.Kind.EVALUATE) {
                if (!run.isDone(step)) {
                    evaluations++;
                    evaluating += step.cost().seconds();
                }
                continue;
            }
            table.row(step.id(), Text.seconds(step.cost().seconds()), step.cost().memory() == 0 ? "-" : Text.bytes(step.cost().memory()), String.join(", ", step.needs().stream().map(Step::id).toList()), run.isDone(step) ? "done" : "");
        }
        table.row(evaluations + " evaluations of " + run.plan().methods().size() + " methods", Text.seconds(evaluating), "-", "their models", "");
        table.print(to, 0);
        Cost total = total(run);
        to.println();
        to.println("about " + Text.seconds(total.seconds()) + " in all" + (run.plan().together() > 1 ? ", " + run.plan().together() + " steps at a time" : "") + ", and at most " + Text.bytes(total.memory()) + " of memory beside mapped weights; estimates, by rates of cores of an AMD EPYC (Zen 3)");
    }

    private static Cost total(StudyRun run) {
        double seconds = 0;
        long memory = 0;
        for (Step step : run.plan().steps()) {
            if (!run.isDone(step)) seconds += step.cost().seconds();
            memory = Math.max(memory, step.cost().memory());
        }
        int together = run.plan().together();
        return new Cost(seconds / together, memory * together);
    }

    private static JsonObject json(Study read, StudyRun run) {
        JsonObject json = new JsonObject();
        JsonArray steps = new JsonArray(), methods = new JsonArray();
        json.addProperty("study", read.name());
        json.addProperty("status", read.status());
        for (Step step : run.plan().steps()) {
            JsonObject object = new JsonObject();
            object.addProperty("id", step.id());
            object.addProperty("kind", step.kind().name().toLowerCase(java.util.Locale.ROOT));
            object.addProperty("done", run.isDone(step));
            object.addProperty("seconds", step.cost().seconds());
            object.addProperty("memory_bytes", step.cost().memory());
            JsonArray needs = new JsonArray();
            step.needs().forEach(each -> needs.add(each.id()));
            object.add("needs", needs);
            steps.add(object);
        }
        json.add("steps", steps);
        json.addProperty("seconds", total(run).seconds());
        json.addProperty("memory_bytes", total(run).memory());
        run.plan().methods().forEach(method -> methods.add(method.name()));
        json.add("methods", methods);
        return json;
    }

    private int listStudies() {
        Table table = new Table("study", "what it asks");
        JsonArray all = new JsonArray();
        for (String name : ReadyStudies.names()) {
            Study each = ReadyStudies.read(name, Optional.empty(), TaskSettings.defaultDataRoot());
            table.row(name, each.title());
            all.add(name);
        }
        if (common.json) System.out.print(Json.write(all));
        else table.print(System.out, 0);
        return 0;
    }
}
