package io.graft.merge.experiment;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.model.CausalLm;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.weights.ModelWeights;
import io.graft.merge.eval.EvalModel;
import io.graft.merge.eval.EvalOptions;
import io.graft.merge.eval.EvalResult;
import io.graft.merge.eval.EvalSample;
import io.graft.merge.eval.EvalTask;
import io.graft.merge.eval.GenerateTask;
import io.graft.merge.yaml.Problems;
import io.graft.merge.yaml.YamlValue;
import io.graft.merge.yaml.YamlValue.Number;
import io.graft.merge.yaml.YamlValue.Truth;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** Evaluates with {@link io.graft.merge.eval}; a model stays open as long as evaluations of it follow each other on a thread. */
final class GraftExaminer implements Examiner {

    private final StudyOptions options;
    private final StudyListener listener;
    private final Map<Thread, Desk> desks = new ConcurrentHashMap<>();

    GraftExaminer(StudyOptions options, StudyListener listener) {
        this.options = options;
        this.listener = listener;
    }

    @Override
    public Exam prepare(Study.Evaluation evaluation, Study study, double fraction, Problems problems) {
        EvalTask task = ExamTasks.load(evaluation, study).part(count(evaluation, "limit", 0), fraction);
        EvalOptions how = new EvalOptions(Tables.get(evaluation.settings(), "chat") instanceof Truth chat && chat.value(), count(evaluation, "max_tokens", 0), count(evaluation, "batch_size", 64));
        JsonObject rules = new JsonObject();
        rules.addProperty("task", evaluation.task());
        rules.addProperty("questions", task.size());
        rules.add("settings", Tables.json(evaluation.settings()));
        return new Exam(evaluation, TaskHash.of(task, how), task.size(), TaskHash.tokens(task), TaskHash.newTokens(task), rules, new Ready(task, how));
    }

    /** What is asked, and how. */
    private record Ready(EvalTask task, EvalOptions options) {}

    private static int count(Study.Evaluation evaluation, String key, int otherwise) {
        YamlValue value = Tables.get(evaluation.settings(), key);
        if (value == null) return otherwise;
        if (value instanceof Number number && number.value() >= 0 && number.value() == Math.rint(number.value())) return (int) number.value();
        throw new RequestException(value.mark().toString(), key + " must be a whole number", "0 or more", value.kind());
    }

    @Override
    public void examine(String label, Supplier<ModelSource> source, Exam exam, Path folder, int threads, Step.Progress progress) {
        EvalModel model = desks.computeIfAbsent(Thread.currentThread(), _ -> new Desk()).model(label, source, threads);
        Ready ready = (Ready) exam.ready();
        EvalResult result;
        try {
            result = io.graft.merge.eval.Evaluation.run(model, ready.task, ready.options, (_, done, total) -> {
                progress.at(done / (double) total, "");
                return !listener.stop();
            });
        } catch (CancellationException stopped) {
            throw new RunException(label, "stopped on request; the same command goes on from here", null);
        }
        write(result, folder);
    }

    /** Leaves a result's verdicts and samples in a folder. */
    static void write(EvalResult result, Path folder) {
        StringBuilder lines = new StringBuilder();
        for (EvalSample sample : result.samples()) lines.append(Json.line(sample.json(result.primary()))).append('\n');
        AtomicFile.write(folder.resolve("samples.jsonl"), lines.toString().getBytes(StandardCharsets.UTF_8));
        AtomicFile.write(folder.resolve("result.json"), Json.write(outcome(result).json()).getBytes(StandardCharsets.UTF_8));
    }

    private static Outcome outcome(EvalResult result) {
        JsonObject more = new JsonObject();
        if (result.samples().isEmpty()) {
            result.metrics().forEach((name, metric) -> more.addProperty(name, Outcome.round(metric.value())));
            return new Outcome(new boolean[0], more);
        }
        for (Map.Entry<String, io.graft.merge.eval.Metric> each : result.metrics().entrySet()) if (!each.getKey().equals(result.primary())) more.addProperty(each.getKey(), Outcome.round(each.getValue().value()));
        if (result.cut() > 0) more.addProperty("cut", result.cut());
        return new Outcome(result.right(result.primary()), more);
    }

    @Override
    public void close() { desks.values().forEach(Desk::close); }

    /** What a thread has open. */
    private final class Desk {

        private Kernels kernels;
        private String open;
        private CausalLm lm;
        private EvalModel model;

        EvalModel model(String label, Supplier<ModelSource> opener, int threads) {
            if (label.equals(open)) return model;
            closeModel();
            ModelSource source = opener.get();
            try {
                if (kernels == null) kernels = Kernels.open(options.kernels(), threads);
                lm = new CausalLm(Architectures.of(source.name() + ": config.json", source.config()), ModelWeights.of(source), kernels);
            } catch (RuntimeException | Error error) {
                source.close();
                throw error;
            }
            model = EvalModel.of(source, lm);
            open = label;
            return model;
        }

        private void closeModel() {
            if (lm != null) lm.close();
            lm = null;
            open = null;
        }

        void close() {
            closeModel();
            if (kernels != null) kernels.close();
        }
    }

    /** Hashes of tasks by what they ask. */
    private static final class TaskHash {

        static String of(EvalTask task, EvalOptions how) {
            Hash hash = new Hash().add("1").add(Integer.toString(how.maxNewTokens())).add(Boolean.toString(how.chat())).add(task.getClass().getSimpleName());
            if (task instanceof GenerateTask generate) {
                hash.add(Integer.toString(generate.maxNewTokens())).add(generate.until().toString()).add(generate.primary());
                generate.filters().forEach(filter -> hash.add(filter.name()));
                generate.questions().forEach(question -> hash.add(question.index() + " " + question.group() + "\n" + question.prompt() + "\n" + question.gold()));
            } else hash.add(task.toString());
            return hash.hex();
        }

        static int tokens(EvalTask task) {
            return task instanceof GenerateTask generate ? (int) generate.questions().stream().mapToInt(question -> question.prompt().length()).average().orElse(0) / 4 : 400;
        }

        static int newTokens(EvalTask task) { return task instanceof GenerateTask generate ? generate.maxNewTokens() / 2 : 0; }
    }
}
