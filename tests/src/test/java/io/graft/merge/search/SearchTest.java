package io.graft.merge.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.train.TrainBatch;
import io.graft.merge.recipe.LayerSwap.Origin;
import io.graft.merge.world.BilingualWorld;
import io.graft.merge.world.ProblemSet;
import io.graft.merge.world.WorldExam;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Searches on the three small models that come along. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SearchTest {

    private Experts experts;
    private SearchModels models;
    private Kernels kernels;
    private SearchInput input;

    @BeforeAll
    void open(@TempDir Path temp) throws IOException {
        experts = WorldModels.write(temp);
        models = new SearchModels(experts);
        kernels = Kernels.open(null, 2);
        input = new SearchInput(experts, Map.of(), new LinkedHashMap<>(), new SearchInput.World(0, 32, 12));
    }

    @AfterAll
    void close() {
        models.close();
        kernels.close();
    }

    @Test
    void unitsHoldEveryTensorOnceAndTheirFiltersSelectTheirOwnOnly() {
        Set<String> seen = new HashSet<>();
        for (Unit unit : models.units()) {
            for (String tensor : unit.tensors()) assertTrue(seen.add(tensor), tensor);
            for (String tensor : models.source().tensors().keySet()) assertEquals(unit.tensors().contains(tensor), unit.filters().stream().anyMatch(tensor::contains), unit.name() + " " + tensor);
        }
        assertEquals(models.source().tensors().keySet(), seen);
        assertEquals(18, models.units().size());
        assertEquals("embeddings", models.units().getFirst().name());
        assertEquals("lm_head", models.units().getLast().name());
    }

    /**
     * Derivatives by coefficients against central differences. The step is small because the loss bends within a hundredth (of the embeddings' coefficient a
     * difference at h = 0.016, 0.008, 0.004, 0.002, 0.001 was −0.243, −0.232, −0.2237, −0.2214, −0.2207, and the slope −0.2206): the error goes with h².
     * The objective is a sum of means of F32 losses, right to about 1e-6 of a value of 1 to 4, so a difference over 2h = 0.002 to 2e-3.
     */
    @Test
    void slopesAreThoseOfDifferences() {
        Calibration calibration = input.calibration(models.source(), 0);
        try (MergeGradient gradient = new MergeGradient(models, kernels)) {
            Objective objective = Objective.measure(gradient, models.units(), calibration, 1);
            List<List<TrainBatch>> batches = objective.batches();
            for (Family family : Family.values()) {
                double[][] at = new double[models.units().size()][family.size()];
                for (int unit = 0; unit < at.length; unit++) for (int k = 0; k < family.size(); k++) at[unit][k] = 0.45 + 0.1 * ((unit * 7 + k * 3) % 5) / 5; // near the soup, where merges are
                double[][] slopes = new double[at.length][family.size()];
                LearnedMerge.differentiate(gradient, objective, new Coefficients(family, models.units(), at), batches, slopes);
                double largest = 0;
                for (int unit : new int[] {0, 1, 6, 17}) {
                    for (int k = 0; k < family.size(); k++) {
                        double h = 0.001, up = value(gradient, objective, family, at, unit, k, h), down = value(gradient, objective, family, at, unit, k, -h), expected = (up - down) / (2 * h);
                        assertEquals(expected, slopes[unit][k], 2e-3 + 0.005 * Math.abs(expected), family + " unit " + unit + " coefficient " + k);
                        largest = Math.max(largest, Math.abs(expected));
                    }
                }
                assertTrue(largest > 0.1, "the test sees a slope: " + largest);
            }
        }
    }

    private double value(MergeGradient gradient, Objective objective, Family family, double[][] at, int unit, int k, double by) {
        double[][] moved = Arrays.stream(at).map(double[]::clone).toArray(double[][]::new);
        moved[unit][k] += by;
        gradient.move(new Coefficients(family, models.units(), moved).weights());
        return objective.value(gradient);
    }

    /** What is computed once for all is what each candidate gives alone, as a recipe. */
    @Test
    void aSweepIsWhatItsRecipesGiveOneByOne() {
        Judge judge = input.judge(models.source());
        List<Sweep.Candidate> all = new Sweep.Ranges(List.of(0, 1, 3), List.of(0, 1, 5), List.of(0, 1), List.of(Origin.values()), List.of(Origin.TASK, Origin.AVERAGE)).candidates(8, false);
        List<Sweep.Result> results = Sweep.run(models, all, judge, kernels, _ -> {});
        assertEquals(all, results.stream().map(Sweep.Result::candidate).toList());
        Set<Double> scores = new HashSet<>();
        for (int i = 0; i < results.size(); i += 11) {
            Sweep.Result each = results.get(i);
            assertEquals(judge.of(each.candidate().recipe(experts, false), kernels).accuracies(), each.verdict().accuracies(), each.candidate().toString());
            scores.add(each.verdict().score());
        }
        assertTrue(scores.size() > 3, "candidates differ: " + scores);
    }

    @Test
    void candidatesOfTheSameLayersAreJudgedOnce() {
        List<Integer> any = List.of(0, 1, 2, 3, 4, 5, 6, 7, 8);
        List<Sweep.Candidate> all = new Sweep.Ranges(any, any, List.of(0), List.of(Origin.SUM), List.of(Origin.TASK)).candidates(8, false);
        // 45 pairs do not overlap, of which nine (0 + 8, 1 + 7, ...) are the language expert whole.
        assertEquals(37, all.size());
    }

    @Test
    void choosingByGradientsBeatsBothExpertsAndTheirSoup() {
        Judge judge = input.judge(models.source());
        try (MergeGradient gradient = new MergeGradient(models, kernels)) {
            AutoSwap.Result found = AutoSwap.run(models, gradient, input.calibration(models.source(), 0), merge -> judge.of(merge.recipe(experts, ""), kernels).score(), 22, _ -> {});
            assertEquals(found.evaluations() + 3 * found.passes(), found.cost());
            assertTrue(found.cost() <= 22, "cost " + found.cost());
            assertEquals(found.score(), judge.of(found.merge().recipe(experts, ""), kernels).score());
            for (double[] each : new double[][] {{1, 0}, {0, 1}, {0.5, 0.5}})
                assertTrue(found.score() > judge.of(Coefficients.same(Family.TASK_ARITHMETIC, models.units(), each).recipe(experts, ""), kernels).score(), Arrays.toString(each) + " " + found.score());
        }
    }

    @Test
    void learnedCoefficientsHaveALowerLossThanSoupAndTaskArithmetic() {
        Calibration all = input.calibration(models.source(), 160), held = new Calibration(all.math().subList(0, 32), all.language().subList(0, 32)),
                training = new Calibration(all.math().subList(32, 160), all.language().subList(32, 160));
        try (MergeGradient gradient = new MergeGradient(models, kernels)) {
            for (Family family : List.of(Family.TASK_ARITHMETIC, Family.TRANSITION)) {
                LearnedMerge.Result found = LearnedMerge.run(models, gradient, training, held, new LearnedMerge.Settings(family, 12, 0.15, 24, true, 1, 4), _ -> {});
                assertEquals(24, found.passes());
                found.others().forEach((name, value) -> {
                    // A transition cannot leave the line between the experts, on which the sum of both is not.
                    if (family == Family.TASK_ARITHMETIC || !name.startsWith("task arithmetic")) assertTrue(found.objective() < value, family + ": " + found.objective() + " against " + name + " " + value);
                });
                for (double[] unit : found.merge().values()) for (double value : unit) assertTrue(value >= 0 && value <= 1);
            }
        }
    }

    /** The models that come along have the figures that their makers measured on problems of their own, within what 60 problems can tell. */
    @Test
    void theModelsAnswerProblemsOfThisWorldAsTheyDidThoseOfTheirMakers() {
        WorldExam exam = new WorldExam(new BilingualWorld(0), 60);
        Map<ProblemSet, WorldExam.Score> math = exam.ask(Judge.model("merge_method: linear\nmodels:\n- {model: " + experts.math() + ", parameters: {weight: 1}}\n", kernels));
        assertTrue(math.get(ProblemSet.EN_LARGE).accuracy() > 0.9 && math.get(ProblemSet.NEW_LARGE).accuracy() < 0.7, math.toString());
        Map<ProblemSet, WorldExam.Score> language = exam.ask(Judge.model("merge_method: linear\nmodels:\n- {model: " + experts.language() + ", parameters: {weight: 1}}\n", kernels));
        assertTrue(language.get(ProblemSet.NEW_SMALL).accuracy() > 0.65 && language.get(ProblemSet.EN_LARGE).accuracy() < 0.7, language.toString());
        assertTrue(language.get(ProblemSet.NEW_LARGE).operation() > 36 && math.get(ProblemSet.NEW_LARGE).operation() < 36, "the language expert knows which way the new words go");
    }
}
