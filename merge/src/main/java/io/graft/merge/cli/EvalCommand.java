package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.files.OutputFolder;
import io.graft.formats.json.Json;
import io.graft.merge.eval.EvalModel;
import io.graft.merge.eval.EvalOptions;
import io.graft.merge.eval.EvalResult;
import io.graft.merge.eval.EvalSample;
import io.graft.merge.eval.EvalTask;
import io.graft.merge.eval.Evaluation;
import io.graft.merge.eval.HarnessResults;
import io.graft.merge.eval.Metric;
import io.graft.merge.eval.TaskSettings;
import io.graft.merge.eval.Tasks;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft eval}: how many questions a model answers rightly. */
@Command(name = "eval", description = "Asks a model the questions of tasks and counts right answers.",
        footer = {"", "Tasks: mgsm_{direct,native_cot,en_cot}_{en,sw,bn,te,ja} and gsm8k by the rules of lm-evaluation-harness, msvamp_{en,sw,bn,ja}, a YAML file, or "
            + "exact:FILE, choice:FILE, perplexity:FILE. Greedy; the same answers for any --batch. Every metric is printed; a task's accuracy is the one with a star.",
            "--json prints model, settings and results: for each task its metric, accuracy, correct, total, low and high (Wilson, 95 %), and all metrics.", "",
            "Example: graft eval models/SmolLM2-135M-Instruct --tasks mgsm_direct_sw,msvamp_sw --shots 2 --limit 50 --samples samples/"})
final class EvalCommand implements Runnable {

    @Mixin
    private CommonOptions common;

    @Parameters(index = "0", arity = "0..1", paramLabel = "MODEL", description = "A folder, a .gguf file, folder+adapter, or a recipe (.yml); or --import.")
    private String model;

    @Option(names = "--import", paramLabel = "PATH", description = "Show what lm-evaluation-harness wrote instead: results_*.json, samples_*.jsonl or their folder.")
    private Path imported;

    @Option(names = "--tasks", paramLabel = "TASK,...", split = ",", description = "What to ask; may be given several times.")
    private List<String> tasks = new ArrayList<>();

    @Option(names = "--data-root", paramLabel = "DIR", description = "Folder of the data sets (default: data in the folder that GRAFT_SHARED names, else ../shared/data).")
    private Path dataRoot;

    @Option(names = "--shots", paramLabel = "N", description = "Examples before each question (default: as the task says; of mgsm 0, of gsm8k 5).")
    private int shots = -1;

    @Option(names = "--sampled-shots", description = "Draw the examples as lm-evaluation-harness does (seed 1234), instead of taking the first ones.")
    private boolean sampled;

    @Option(names = "--chat", description = "Put each prompt into the model's chat template, as the user's message.")
    private boolean chat;

    @Option(names = "--limit", paramLabel = "N", description = "Only the first N questions of each task, or of each group of its questions.")
    private int limit;

    @Option(names = "--fraction", paramLabel = "X", description = "Only this share of the questions, evenly spread (over 0, at most 1).")
    private double fraction = 1;

    @Option(names = {"-n", "--max-new-tokens"}, paramLabel = "N", description = "How long an answer may be (default: as the task says; of mgsm, gsm8k and msvamp 256).")
    private int maxNewTokens;

    @Option(names = "--batch", paramLabel = "N", description = "Texts that go together at most (default: ${DEFAULT-VALUE}; fewer where their keys and values would take over 1 GiB).")
    private int batch = 64;

    @Option(names = "--samples", paramLabel = "DIR", description = "Write every prompt, answer, extraction and verdict: TASK.jsonl, as each task ends.")
    private Path samples;

    @Option(names = "--force", description = "Replace the folder of --samples if it exists.")
    private boolean force;

    private boolean begun;

    private EvalCommand() {}

    @Override
    public void run() {
        if ((model == null) == (imported == null)) throw new RequestException("graft eval", "a model or --import is needed, and not both", null, null, "graft eval --help");
        if ((model == null) != tasks.isEmpty()) throw new RequestException("--tasks", model == null ? "an import has its own tasks" : "no task is named", null, null, "graft eval --help");
        if (samples != null) OutputFolder.check(samples, force);
        List<EvalResult> results = imported != null ? HarnessResults.read(imported) : evaluate();
        if (imported != null) results.forEach(this::write);
        if (samples != null && !begun) begin();
        if (common.json) System.out.println(Json.line(json(results)));
        else print(results);
    }

    private List<EvalResult> evaluate() {
        check("--shots", shots >= -1, "at least 0", shots);
        check("--limit", limit >= 0, "at least 1", limit);
        check("--fraction", fraction > 0 && fraction <= 1, "over 0, at most 1", fraction);
        check("--max-new-tokens", maxNewTokens >= 0, "at least 1", maxNewTokens);
        check("--batch", batch >= 1, "at least 1", batch);
        TaskSettings settings = new TaskSettings(dataRoot != null ? dataRoot : TaskSettings.defaultDataRoot(), shots, sampled);
        List<EvalTask> asked = new ArrayList<>();
        Set<String> names = new HashSet<>();
        long questions = 0;
        for (String name : tasks) {
            EvalTask task = Tasks.load(name, settings).part(limit, fraction);
            if (!names.add(fileName(task.name()))) throw new RequestException("--tasks", "two tasks of one name", "names that differ", task.name());
            asked.add(task);
            questions += task.size();
        }
        List<EvalResult> results = new ArrayList<>();
        try (RunningModel running = RunningModel.open(model, common)) {
            EvalModel evaluated = running.forEvaluation();
            EvalOptions options = new EvalOptions(chat, maxNewTokens, batch);
            try (Progress progress = Progress.start(common, "evaluating", questions, "answers")) {
                for (EvalTask task : asked) {
                    int[] before = {0};
                    EvalResult result = Evaluation.run(evaluated, task, options, (_, done, _) -> {
                        progress.accept(done - before[0]);
                        before[0] = done;
                        return true;
                    });
                    write(result);
                    results.add(result);
                }
            }
        }
        for (EvalResult result : results)
            if (result.cut() > 0) common.warn(result.task() + ": " + result.cut() + " prompts were longer than the model's texts and lost their beginning");
        return results;
    }

    private static void check(String option, boolean right, String expected, Object found) {
        if (!right) throw new RequestException(option, "out of range", expected, found);
    }

    /** A task's name may come out of a file, and a file may say anything. */
    private static String fileName(String task) { return task.replaceAll("[^A-Za-z0-9._-]|^\\.", "_"); }

    /** The folder of samples, empty. Unlike other outputs it is there before the end: each task's file is whole, and stays if a later task is killed. */
    private void begin() {
        begun = true;
        if (force) OutputFolder.remove(samples);
        try {
            Files.createDirectories(samples);
        } catch (IOException error) {
            throw new RunException(samples.toString(), "cannot be made", error);
        }
    }

    private void write(EvalResult result) {
        if (samples == null || result.samples().isEmpty()) return;
        if (!begun) begin();
        StringBuilder lines = new StringBuilder();
        for (EvalSample sample : result.samples()) lines.append(Json.line(sample.json(result.primary()))).append('\n');
        AtomicFile.write(samples.resolve(fileName(result.task()) + ".jsonl"), lines.toString().getBytes(StandardCharsets.UTF_8));
    }

    private JsonObject json(List<EvalResult> results) {
        JsonObject json = new JsonObject();
        json.addProperty("model", model != null ? model : imported.toString());
        if (imported == null) json.add("settings", settings());
        JsonArray all = new JsonArray();
        for (EvalResult result : results) all.add(result.json());
        json.add("results", all);
        return json;
    }

    private JsonObject settings() {
        JsonObject settings = new JsonObject();
        settings.addProperty("shots", shots < 0 ? null : shots);
        settings.addProperty("sampled_shots", sampled);
        settings.addProperty("chat", chat);
        settings.addProperty("limit", limit == 0 ? null : limit);
        settings.addProperty("fraction", fraction);
        settings.addProperty("max_new_tokens", maxNewTokens == 0 ? null : maxNewTokens);
        return settings;
    }

    private static void print(List<EvalResult> results) {
        Table table = new Table("task", "metric", ">value", ">95 % interval", ">correct", ">total");
        for (EvalResult result : results) {
            result.groups().forEach((group, metrics) -> metrics.values().forEach(metric -> row(table, result.task() + ": " + group, metric, result.primary())));
            result.metrics().values().forEach(metric -> row(table, result.task(), metric, result.primary()));
        }
        table.print(System.out, 0);
    }

    private static void row(Table table, String task, Metric metric, String primary) {
        String name = metric.name() + (metric.name().equals(primary) ? " *" : "");
        if (!metric.isShare()) table.row(task, name, Text.number(metric.value()), "", "", Integer.toString(metric.total()));
        else table.row(task, name, percent(metric.value()), percent(metric.low()) + " - " + percent(metric.high()), Integer.toString(metric.correct()), Integer.toString(metric.total()));
    }

    private static String percent(double share) { return String.format(Locale.ROOT, "%.1f %%", 100 * share); }
}
