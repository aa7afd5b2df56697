package io.graft.merge.experiment;

import io.graft.engine.RunException;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Plans and runs studies.
 *
 * <pre>{@code
 * Study study = StudyReader.read(Path.of("study.yml"), dataRoot);
 * try (StudyRun run = StudyRun.open(study, options, listener)) {
 *     StudyResult result = run.run();
 * }
 * }</pre>
 */
public final class StudyRun implements AutoCloseable {

    private final StudyOptions options;
    private final StudyListener listener;
    private final Heard heard = new Heard();
    private final Examiner examiner;
    private final StudyPlan plan;
    private final StepCache cache;

    private StudyRun(Study study, StudyOptions options, StudyListener listener) {
        this.options = options;
        this.listener = listener;
        this.cache = new StepCache(options.cache());
        this.examiner = new GraftExaminer(options, heard);
        try {
            this.plan = StudyPlanner.plan(study, options, new GraftTraining(options, heard), examiner);
        } catch (Throwable error) {
            examiner.close();
            throw error;
        }
    }

    /**
     * Plans a study; nothing is written but, where the study's base comes along with Graft, that base into the cache.
     *
     * @param study    as it was asked for
     * @param options  how
     * @param listener hears how far it is
     * @return the run; close it
     * @throws io.graft.engine.RequestException if anything is wrong with it
     */
    public static StudyRun open(Study study, StudyOptions options, StudyListener listener) { return new StudyRun(study, options, listener); }

    /** {@return the plan} */
    public StudyPlan plan() { return plan; }

    /**
     * Whether a step is done.
     *
     * @param step of the plan
     * @return whether the cache has it
     */
    public boolean isDone(Step step) { return !options.noCache() && cache.has(step); }

    /**
     * Runs the steps that are not done.
     *
     * @return what came out
     * @throws RunException if a step failed, or the listener asked to stop; steps that are done stay done
     */
    public StudyResult run() {
        cache.lock();
        if (plan.shipped != null) plan.shipped.copyTo(options.cache());
        try (OpenModels models = new OpenModels()) {
            plan.pool(models);
            List<Step> todo = plan.steps.stream().filter(step -> !isDone(step)).toList();
            listener.started(todo, plan.steps.size());
            long started = System.nanoTime();
            StepWorkers.run(todo, plan.together, this::make);
            return collect(todo.size(), (System.nanoTime() - started) / 1e9);
        } finally {
            plan.pool(null);
            cache.close();
        }
    }

    private void make(Step step) {
        try {
            if (heard.stop()) throw new RunException(plan.study.name(), "stopped on request; the same command goes on from here", null);
            if (options.noCache()) cache.forget(step);
            long started = System.nanoTime();
            heard.at(step, 0, "");
            Path folder = cache.begin(step);
            step.work().run(folder, (share, note) -> heard.at(step, share, note));
            double seconds = (System.nanoTime() - started) / 1e9;
            cache.done(step, seconds);
            heard.done(step, seconds);
        } catch (Throwable error) {
            heard.failed = true;
            throw error;
        }
    }

    /** The listener as steps see it: it hears one at a time, and where one has failed the others stop. */
    private final class Heard implements StudyListener {

        private volatile boolean failed;

        @Override
        public synchronized void at(Step step, double share, String note) { listener.at(step, share, note); }

        @Override
        public synchronized void done(Step step, double seconds) { listener.done(step, seconds); }

        @Override
        public boolean stop() { return failed || listener.stop(); }
    }

    /**
     * Writes every merge of the grid as a folder of its own, and {@code merges.json}, which says which is which. To be called after {@link #run}.
     *
     * @param to where the folders go; those that hold what they should stay
     * @return how many were written
     */
    public int writeMerges(Path to) {
        try (OpenModels models = new OpenModels()) {
            plan.pool(models);
            return MergeFolders.write(plan, to, listener::stop);
        } finally {
            plan.pool(null);
        }
    }

    private StudyResult collect(int made, double spent) {
        List<StudyResult.Row> rows = new ArrayList<>();
        for (StudyPlan.Row row : plan.rows) {
            Map<String, Outcome> outcomes = new LinkedHashMap<>();
            Map<String, Path> samples = new LinkedHashMap<>();
            row.evaluations().forEach((name, step) -> {
                outcomes.put(name, Outcome.of(Json.readObject(cache.folder(step).resolve("result.json"))));
                samples.put(name, cache.folder(step).resolve("samples.jsonl"));
            });
            rows.add(new StudyResult.Row(row.method(), row.seed(), outcomes, samples));
        }
        List<StudyResult.Curve> curves = new ArrayList<>();
        for (Step step : plan.trainings) curves.add(StudyResult.Curve.read(step.id().substring("train ".length()), cache.folder(step).resolve("curve.json")));
        double before = plan.steps.stream().mapToDouble(cache::seconds).sum();
        return new StudyResult(plan.study, plan.seeds, plan.fraction, List.copyOf(plan.methods), plan.exams.stream().map(exam -> new StudyResult.Question(exam.evaluation().name(), exam.evaluation().title(), exam.questions(), exam.rules())).toList(),
                rows, curves, Optional.ofNullable(plan.analysis).map(step -> Json.readObject(cache.folder(step).resolve("result.json"))), plan.warnings(), plan.steps.size(), made, spent, before);
    }

    /** Models that are open while a study runs. */
    private final class OpenModels implements Node.Pool, AutoCloseable {

        private final Map<String, ModelSource> open = new LinkedHashMap<>();

        @Override
        public synchronized ModelSource argument(String argument) { return open.computeIfAbsent(argument, Node::openArgument); }

        @Override
        public Path folder(Step step) { return cache.folder(step); }

        @Override
        public void close() { open.values().forEach(ModelSource::close); }
    }

    /** Closes what planning has opened. */
    @Override
    public void close() {
        examiner.close();
        plan.close();
    }
}
