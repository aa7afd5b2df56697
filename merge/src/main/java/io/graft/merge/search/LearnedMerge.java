package io.graft.merge.search;

import io.graft.engine.train.TrainBatch;
import io.graft.formats.examples.Example;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.LinkedHashMap;
import java.util.function.Consumer;

/**
 * Coefficients by gradient descent: Adam (Kingma and Ba 2015) on the {@link Objective} of fresh lines each step, with {@code dL/dc} through the merge as
 * {@link MergeGradient} gives it. What is kept is the best by lines that no step has seen.
 */
public final class LearnedMerge {

    private static final double BETA1 = 0.9, BETA2 = 0.99, EPSILON = 1e-8;

    /**
     * How to learn.
     *
     * @param family         what the coefficients mean
     * @param steps          how many steps
     * @param rate           Adam's, falling to zero on a line
     * @param lines          of each ability in a step
     * @param box            whether coefficients stay within 0 and 1
     * @param languageWeight what the language counts against the math
     * @param checkEvery     steps between two looks at the lines that are held out
     */
    public record Settings(Family family, int steps, double rate, int lines, boolean box, double languageWeight, int checkEvery) {}

    /**
     * A look at the lines that are held out.
     *
     * @param step     steps taken
     * @param training the objective of the last step's lines; NaN before the first
     * @param heldOut  the objective of those held out
     */
    public record Check(int step, double training, double heldOut) {}

    /**
     * What was learned.
     *
     * @param merge     the best coefficients by the lines held out
     * @param objective theirs
     * @param others    the same of simple merges, for comparison, by name
     * @param checks    all looks, in order
     * @param passes    gradients that were computed
     */
    public record Result(Coefficients merge, double objective, SequencedMap<String, Double> others, List<Check> checks, int passes) {}

    private LearnedMerge() {}

    /**
     * Learns.
     *
     * @param models   the three models
     * @param gradient of their merges
     * @param training lines to learn by, of both abilities
     * @param heldOut  lines to choose by
     * @param settings how
     * @param listener hears of every look
     * @return the coefficients
     */
    public static Result run(SearchModels models, MergeGradient gradient, Calibration training, Calibration heldOut, Settings settings, Consumer<Check> listener) {
        List<Unit> units = models.units();
        Objective judged = Objective.measure(gradient, units, heldOut, settings.languageWeight());
        Family family = settings.family();
        int before = gradient.passes();
        double[][] c = new double[units.size()][family.size()], first = new double[units.size()][family.size()], second = new double[units.size()][family.size()];
        for (double[] unit : c) java.util.Arrays.fill(unit, 0.5);
        List<Check> checks = new ArrayList<>();
        double[][] best = copy(c);
        double least = Double.POSITIVE_INFINITY, seen = Double.NaN;
        for (int step = 0; step <= settings.steps(); step++) {
            if (step % settings.checkEvery() == 0 || step == settings.steps()) {
                Check check = new Check(step, seen, value(gradient, judged, new Coefficients(family, units, c)));
                checks.add(check);
                listener.accept(check);
                if (check.heldOut < least) {
                    least = check.heldOut;
                    best = copy(c);
                }
            }
            if (step == settings.steps()) break;
            double[][] slopes = new double[units.size()][family.size()];
            seen = differentiate(gradient, judged, new Coefficients(family, units, c), slice(training, step, settings.lines()), slopes);
            double rate = settings.rate() * (settings.steps() - step) / settings.steps();
            for (int unit = 0; unit < c.length; unit++)
                for (int k = 0; k < family.size(); k++) {
                    first[unit][k] = BETA1 * first[unit][k] + (1 - BETA1) * slopes[unit][k];
                    second[unit][k] = BETA2 * second[unit][k] + (1 - BETA2) * slopes[unit][k] * slopes[unit][k];
                    double mean = first[unit][k] / (1 - StrictMath.pow(BETA1, step + 1)), root = Math.sqrt(second[unit][k] / (1 - StrictMath.pow(BETA2, step + 1)));
                    c[unit][k] -= rate * mean / (root + EPSILON);
                    if (settings.box()) c[unit][k] = Math.clamp(c[unit][k], 0, 1);
                }
        }
        return new Result(new Coefficients(family, units, best), least, others(gradient, judged, units), checks, gradient.passes() - before);
    }

    /**
     * The objective and its derivatives by the coefficients.
     *
     * @param gradient of merges
     * @param scaled   whose units the losses are added in
     * @param at       the merge
     * @param batches  by ability
     * @param slopes   (units, family's size): receives the derivatives
     * @return the objective of those batches
     */
    static double differentiate(MergeGradient gradient, Objective scaled, Coefficients at, List<List<TrainBatch>> batches, double[][] slopes) {
        gradient.move(at.weights());
        double value = 0;
        for (int ability = 0; ability < 2; ability++) {
            double[][] dots = new double[slopes.length][];
            value += scaled.scale(ability) * (gradient.differentiate(batches.get(ability), dots) - scaled.expert()[ability]);
            for (int unit = 0; unit < slopes.length; unit++)
                for (int k = 0; k < at.family().size(); k++) slopes[unit][k] += scaled.scale(ability) * at.family().slope(dots[unit], k);
        }
        return value;
    }

    private static double value(MergeGradient gradient, Objective objective, Coefficients merge) {
        gradient.move(merge.weights());
        return objective.value(gradient);
    }

    private static SequencedMap<String, Double> others(MergeGradient gradient, Objective objective, List<Unit> units) {
        SequencedMap<String, Double> others = new LinkedHashMap<>();
        others.put("math expert", value(gradient, objective, Objective.own(units, Objective.MATH)));
        others.put("language expert", value(gradient, objective, Objective.own(units, Objective.LANGUAGE)));
        others.put("soup", value(gradient, objective, Coefficients.same(Family.TASK_ARITHMETIC, units, 0.5, 0.5)));
        others.put("task arithmetic 1 + 1", value(gradient, objective, Coefficients.same(Family.TASK_ARITHMETIC, units, 1, 1)));
        return others;
    }

    /** The lines of a step, round and round. */
    private static List<List<TrainBatch>> slice(Calibration lines, int step, int count) { return List.of(Calibration.batches(some(lines.math(), step, count)), Calibration.batches(some(lines.language(), step, count))); }

    private static List<Example> some(List<Example> all, int step, int count) {
        List<Example> some = new ArrayList<>();
        for (int i = 0; i < Math.min(count, all.size()); i++) some.add(all.get((int) (((long) step * count + i) % all.size())));
        return some;
    }

    private static double[][] copy(double[][] values) {
        double[][] copy = new double[values.length][];
        for (int i = 0; i < copy.length; i++) copy[i] = values[i].clone();
        return copy;
    }
}
