package io.graft.merge.search;

import io.graft.engine.RequestException;
import io.graft.engine.train.TrainBatch;
import java.util.List;

/**
 * How much of what both experts learned a merge lacks: Σ over the two abilities of (L − L_expert) / (L_base − L_expert), so 0 for a model that has each
 * ability as its expert has it, and 1 an ability for one that has nothing of it. In these units the two losses can be added, whatever
 * texts they are measured on.
 *
 * @param batches by ability: math, language
 * @param expert  the expert's own loss by ability
 * @param base    the base's
 * @param weights what an ability counts
 */
record Objective(List<List<TrainBatch>> batches, double[] expert, double[] base, double[] weights) {

    static final int MATH = 0, LANGUAGE = 1;

    /** Measures base and experts; goes to each of them. */
    static Objective measure(MergeGradient gradient, List<Unit> units, Calibration calibration, double languageWeight) {
        List<List<TrainBatch>> batches = List.of(Calibration.batches(calibration.math()), Calibration.batches(calibration.language()));
        double[] expert = new double[2], base = new double[2];
        for (int ability = 0; ability < 2; ability++) {
            gradient.move(Coefficients.same(Family.TASK_ARITHMETIC, units, 0, 0).weights());
            base[ability] = gradient.loss(batches.get(ability));
            gradient.move(own(units, ability).weights());
            expert[ability] = gradient.loss(batches.get(ability));
        }
        Objective made = new Objective(batches, expert, base, new double[] {1, languageWeight});
        for (int ability = 0; ability < 2; ability++) made.checkGain(ability);
        return made;
    }

    /** The expert of an ability as a merge. */
    static Coefficients own(List<Unit> units, int ability) { return Coefficients.same(Family.TASK_ARITHMETIC, units, ability == MATH ? 1 : 0, ability == LANGUAGE ? 1 : 0); }

    private void checkGain(int ability) {
        if (base[ability] > expert[ability]) return;
        String name = ability == MATH ? "math" : "language";
        throw new RequestException("calibration of " + name, "the expert is no better at it than the base, so there is nothing to keep of it", "a loss below the base's " + base[ability], expert[ability],
                "give texts that show what the expert has learned");
    }

    /** What a loss counts, in units of what its expert gained. */
    double scale(int ability) { return weights[ability] / (base[ability] - expert[ability]); }

    /** The value where the gradient stands. */
    double value(MergeGradient at) {
        double value = 0;
        for (int ability = 0; ability < 2; ability++) value += scale(ability) * (at.loss(batches.get(ability)) - expert[ability]);
        return value;
    }
}
