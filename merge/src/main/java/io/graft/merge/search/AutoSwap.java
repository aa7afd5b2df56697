package io.graft.merge.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/**
 * Chooses for every unit whether it comes from the base, the math expert, the language expert or both, in three moves:
 *
 * <ol>
 * <li><b>Estimate.</b> What a unit's task vector changes in a loss is, to first order, {@code <dL/dW, task vector>}. The gradient of each ability is
 *     taken at the base and at the <em>other</em> expert (at its own it is nearly zero): four passes.
 * <li><b>Walk.</b> How much the language should weigh against the math no calibration text tells: its loss is mostly that of texts that nobody will ask
 *     about. So two one-dimensional families of choices are judged as far as they get better: math everywhere, with the language in the 1, 2, 4, ... units where
 *     it is estimated to do most good; and what the signs of the estimates choose for a language that weighs 1, 1/2, 1/4, ..., in units of what each
 *     expert gained.
 * <li><b>Refine.</b> From the best, the units whose choice was closest are switched one by one; what is better stays.
 * </ol>
 */
public final class AutoSwap {

    /** A gradient costs a forward pass, and a backward pass of twice that. */
    static final int PASS_COST = 3;
    private static final double[][] CHOICES = {{0, 0}, {1, 0}, {0, 1}, {1, 1}};
    private static final String[] NAMES = {"base", "math", "language", "both"};
    private static final int MATH = 1, LANGUAGE = 2, BOTH = 3;
    /** How far the weight of the language goes down. */
    private static final int OCTAVES = 5;

    private final SearchModels models;
    private final MergeGradient gradient;
    private final Objective objective;
    private final ToDoubleFunction<Coefficients> judge;
    private final int budget;
    private final Consumer<Trial> listener;
    private final List<Trial> trials = new ArrayList<>();
    private final Map<String, Double> known = new HashMap<>();
    /** (abilities, units, 2): the estimated change of an ability's loss by a unit's math and language vector. */
    private final double[][][] estimates;

    /**
     * A merge that was judged.
     *
     * @param move    spread, weigh or refine
     * @param choices a letter a unit: 0, m, l or b
     * @param score   what the judge said, more being better
     */
    public record Trial(String move, String choices, double score) {}

    /**
     * What was found.
     *
     * @param merge       coefficients 0 and 1
     * @param choices     by unit: base, math, language or both
     * @param score       what the judge said
     * @param trials      all that was judged, in order
     * @param evaluations their number
     * @param passes      gradients that were computed
     * @param cost        evaluations, and three for each pass
     */
    public record Result(Coefficients merge, List<String> choices, double score, List<Trial> trials, int evaluations, int passes, int cost) {}

    private AutoSwap(SearchModels models, MergeGradient gradient, Objective objective, ToDoubleFunction<Coefficients> judge, int budget, Consumer<Trial> listener) {
        this.models = models;
        this.gradient = gradient;
        this.objective = objective;
        this.judge = judge;
        this.budget = budget;
        this.listener = listener;
        this.estimates = new double[2][models.units().size()][2];
    }

    /**
     * Searches.
     *
     * @param models      the three models
     * @param gradient    of their merges
     * @param calibration texts of both abilities
     * @param judge       scores a merge, more being better; null for the calibration's own loss
     * @param budget      what it may cost in all: 1 an evaluation, 3 a gradient pass; at least 13
     * @param listener    hears of every trial
     * @return the best merge
     */
    public static Result run(SearchModels models, MergeGradient gradient, Calibration calibration, ToDoubleFunction<Coefficients> judge, int budget, Consumer<Trial> listener) {
        Objective objective = Objective.measure(gradient, models.units(), calibration, 1);
        ToDoubleFunction<Coefficients> judged = judge != null ? judge : merge -> {
            gradient.move(merge.weights());
            return -objective.value(gradient);
        };
        return new AutoSwap(models, gradient, objective, judged, budget, listener).search();
    }

    private Result search() {
        int before = gradient.passes();
        estimate();
        int passes = gradient.passes() - before, left = budget - PASS_COST * passes;
        // The walk takes most of what is left: its steps differ in many units, those of the refinement in one.
        int[] best = refine(walk(Math.max(1, left * 2 / 3)), left);
        List<String> choices = Arrays.stream(best).mapToObj(choice -> NAMES[choice]).toList();
        return new Result(merge(best), choices, known.get(letters(best)), List.copyOf(trials), trials.size(), passes, trials.size() + PASS_COST * passes);
    }

    private void estimate() {
        List<Unit> units = models.units();
        Coefficients base = Coefficients.same(Family.TASK_ARITHMETIC, units, 0, 0);
        for (int ability = 0; ability < 2; ability++) {
            for (Coefficients point : List.of(base, Objective.own(units, 1 - ability))) {
                gradient.move(point.weights());
                double[][] dots = new double[units.size()][];
                gradient.differentiate(objective.batches().get(ability), dots);
                for (int unit = 0; unit < dots.length; unit++)
                    for (int k = 0; k < 2; k++) estimates[ability][unit][k] += Family.TASK_ARITHMETIC.slope(dots[unit], k);
            }
        }
    }

    /** The estimated change of the objective by one choice of one unit. */
    private double change(int unit, int choice, double languageWeight) {
        double change = 0;
        for (int ability = 0; ability < 2; ability++)
            for (int k = 0; k < 2; k++) change += (ability == Objective.LANGUAGE ? languageWeight : 1) * objective.scale(ability) * CHOICES[choice][k] * estimates[ability][unit][k];
        return change;
    }

    private int[] choose(double languageWeight) {
        int[] chosen = new int[estimates[0].length];
        for (int unit = 0; unit < chosen.length; unit++)
            for (int choice = 1; choice < CHOICES.length; choice++)
                if (change(unit, choice, languageWeight) < change(unit, chosen[unit], languageWeight)) chosen[unit] = choice;
        return chosen;
    }

    /** Both walks, each as long as it helps and judgements are left. */
    private int[] walk(int most) {
        int[] best = null;
        for (int count = 1, worse = 0; count <= estimates[0].length && worse < 2 && trials.size() < most; count *= 2) {
            int[] next = better(best, look("spread", spread(count)));
            worse = next == best ? worse + 1 : 0;
            best = next;
        }
        for (int octave = 0, worse = 0; octave >= -OCTAVES && worse < 2 && trials.size() < most; octave--) {
            int[] next = better(best, look("weigh", choose(StrictMath.pow(2, octave))));
            worse = next == best ? worse + 1 : 0;
            best = next;
        }
        return best;
    }

    /** Math everywhere, and with it the language where it is estimated to do most good. */
    private int[] spread(int count) {
        List<Integer> order = new ArrayList<>();
        for (int unit = 0; unit < estimates[0].length; unit++) order.add(unit);
        order.sort(Comparator.comparingDouble(unit -> change(unit, LANGUAGE, 1)));
        int[] chosen = new int[order.size()];
        Arrays.fill(chosen, MATH);
        for (int unit : order.subList(0, Math.min(count, order.size()))) chosen[unit] = BOTH;
        return chosen;
    }

    /** Judges choices that have not been judged. */
    private int[] look(String move, int[] chosen) {
        if (!known.containsKey(letters(chosen))) judge(move, chosen);
        return chosen;
    }

    /** The first unless the second is better. */
    private int[] better(int[] a, int[] b) { return a != null && known.get(letters(a)) >= known.get(letters(b)) ? a : b; }

    /** One choice of one unit that is not taken, and what it is estimated to cost. */
    private record Switch(int unit, int choice, double regret) {}

    private int[] refine(int[] best, int most) {
        List<Switch> switches = new ArrayList<>();
        for (int unit = 0; unit < best.length; unit++)
            for (int choice = 0; choice < CHOICES.length; choice++)
                if (choice != best[unit]) switches.add(new Switch(unit, choice, change(unit, choice, 1) - change(unit, best[unit], 1)));
        switches.sort(Comparator.comparingDouble(Switch::regret));
        for (Switch each : switches) {
            if (trials.size() >= most) break;
            int[] other = best.clone();
            other[each.unit] = each.choice;
            if (!known.containsKey(letters(other)) && judge("refine", other) > known.get(letters(best))) best = other;
        }
        return best;
    }

    private double judge(String move, int[] choices) {
        double score = judge.applyAsDouble(merge(choices));
        known.put(letters(choices), score);
        Trial trial = new Trial(move, letters(choices), score);
        trials.add(trial);
        listener.accept(trial);
        return score;
    }

    private Coefficients merge(int[] choices) {
        double[][] values = new double[choices.length][];
        for (int unit = 0; unit < values.length; unit++) values[unit] = CHOICES[choices[unit]].clone();
        return new Coefficients(Family.TASK_ARITHMETIC, models.units(), values);
    }

    private static String letters(int[] choices) {
        StringBuilder text = new StringBuilder();
        for (int choice : choices) text.append("0mlb".charAt(choice));
        return text.toString();
    }
}
