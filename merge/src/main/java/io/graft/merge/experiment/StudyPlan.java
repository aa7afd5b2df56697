package io.graft.merge.experiment;

import io.graft.formats.model.ModelSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A study as a graph of steps: everything that can be wrong with it has been found.
 *
 * <p>Holds the base and other given models open; close it.
 */
public final class StudyPlan implements AutoCloseable {

    /**
     * A line of the grid for one seed.
     *
     * @param method      which
     * @param seed        of its experts' trainings
     * @param node        the model
     * @param evaluations the steps that evaluate it, by the evaluation's name
     */
    record Row(Method method, long seed, Node node, Map<String, Step> evaluations) {}

    final Study study;
    final List<Step> steps = new ArrayList<>();
    final List<Row> rows = new ArrayList<>();
    final List<Method> methods = new ArrayList<>();
    final List<Examiner.Exam> exams = new ArrayList<>();
    final List<String> warnings = new ArrayList<>();
    final List<Step> trainings = new ArrayList<>();
    final List<ModelSource> opened = new ArrayList<>();
    final double fraction;
    final List<Long> seeds;
    private Node.Pool pool;
    /** How many steps run at a time, and the threads of each. */
    int together = 1, threads = 1;
    /** The base, if it comes along with Graft; else null. */
    Shipped shipped;
    /** Where experts changed, by the seeds' first; null where there is nothing to compare. */
    Step analysis;

    StudyPlan(Study study, double fraction, List<Long> seeds) {
        this.study = study;
        this.fraction = fraction;
        this.seeds = seeds;
    }

    /** The models of the run in progress. */
    Node.Pool pool() {
        if (pool == null) throw new IllegalStateException("no run of this plan is in progress");
        return pool;
    }

    void pool(Node.Pool open) { this.pool = open; }

    /** {@return the study} */
    public Study study() { return study; }

    /** {@return its steps, every one after those that it needs} */
    public List<Step> steps() { return List.copyOf(steps); }

    /** {@return how many steps run at a time: one, but where a step is too small to fill all threads} */
    public int together() { return together; }

    /** {@return the lines of its grid} */
    public List<Method> methods() { return List.copyOf(methods); }

    /** {@return what the user should know} */
    public List<String> warnings() { return List.copyOf(warnings); }

    /** Adds a step, or gives the one of the same key that is there. */
    Step add(Step step) {
        for (Step each : steps) if (each.key().equals(step.key()) && each.kind() == step.kind()) return each;
        steps.add(step);
        return step;
    }

    /** Closes the models. */
    @Override
    public void close() {
        opened.forEach(ModelSource::close);
        if (shipped != null) shipped.close();
    }
}
