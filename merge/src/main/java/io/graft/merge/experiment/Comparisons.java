package io.graft.merge.experiment;

import io.graft.merge.eval.Statistics;
import io.graft.merge.experiment.StudyResult.Row;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Tests between methods on the same questions.
 *
 * <p>With one seed: McNemar's exact test, and the paired bootstrap of the difference. With several, a question's answers over
 * the seeds belong together, so questions are what is drawn: the bootstrap resamples them with all their seeds, and the exact
 * test counts the questions that one method gets right in more seeds than the other. With one seed that is McNemar's test.
 *
 * <p>An evaluation's tests are one family, and Holm's procedure holds its rate of false findings at 5 % (Holm 1979).
 */
final class Comparisons {

    private static final int RESAMPLES = 2000;
    /** Questions times seeds up to which the bootstrap's distribution is computed instead of drawn. */
    private static final long EXACT = 2000;

    /**
     * One test.
     *
     * @param evaluation  on what
     * @param method      of which it is asked whether it differs
     * @param reference   from which
     * @param difference  of the mean accuracies, method − reference
     * @param interval    bootstrap, 95 %
     * @param better      questions on which the method is right in more seeds
     * @param worse       questions on which the reference is
     * @param p           exact, two-sided, alone
     * @param holm        adjusted for all tests of the evaluation
     */
    record Test(String evaluation, Method method, Method reference, double difference, Statistics.Interval interval, int better, int worse, double p, double holm) {

        /** Whether the difference stands after all tests of the evaluation have been allowed for. */
        boolean stands() { return holm < 0.05; }
    }

    private Comparisons() {}

    /** All methods against the references of their own variant, evaluation by evaluation. */
    static List<Test> of(StudyResult result) {
        List<Method> references = references(result);
        List<Test> all = new ArrayList<>();
        for (StudyResult.Question evaluation : result.evaluations()) {
            if (result.rows().stream().anyMatch(row -> row.outcomes().get(evaluation.name()) == null || row.outcomes().get(evaluation.name()).total() != evaluation.total() || evaluation.total() == 0)) continue;
            List<Test> family = new ArrayList<>();
            for (Method method : result.methods())
                for (Method reference : references)
                    if (!method.name().equals(reference.name()) && (method.variant().isEmpty() || reference.variant().isEmpty() || method.variant().equals(reference.variant())) && !(references.contains(method) && references.indexOf(method) < references.indexOf(reference))) family.add(test(result, evaluation.name(), method, reference));
            all.addAll(holm(family));
        }
        return all;
    }

    private static List<Method> references(StudyResult result) {
        List<String> named = result.study().compareWith();
        if (!named.isEmpty()) return result.methods().stream().filter(method -> named.contains(method.name()) || named.contains(method.group())).toList();
        return result.methods().stream().filter(method -> method.kind() != Method.Kind.MERGE && !method.control()).toList();
    }

    private static Test test(StudyResult result, String evaluation, Method method, Method reference) {
        List<Row> ours = result.rows(method), theirs = result.rows(reference);
        int questions = ours.getFirst().outcomes().get(evaluation).total(), seeds = Math.min(ours.size(), theirs.size());
        int[] difference = new int[questions];
        for (int s = 0; s < seeds; s++) {
            boolean[] a = ours.get(s).outcomes().get(evaluation).right(), b = theirs.get(s).outcomes().get(evaluation).right();
            for (int q = 0; q < questions; q++) difference[q] += (a[q] ? 1 : 0) - (b[q] ? 1 : 0);
        }
        int better = 0, worse = 0, sum = 0;
        for (int each : difference) {
            if (each > 0) better++;
            if (each < 0) worse++;
            sum += each;
        }
        return new Test(evaluation, method, reference, sum / (double) (questions * seeds), bootstrap(difference, seeds), better, worse, Statistics.mcNemar(better, worse), Double.NaN);
    }

    /**
     * The percentile interval of the mean difference over resampled questions. What resampling approaches, the distribution of
     * the sum of as many draws as there are questions, is computed exactly by convolution where that is cheap.
     */
    static Statistics.Interval bootstrap(int[] difference, int seeds) {
        int n = difference.length;
        if ((long) n * seeds > EXACT) return resampled(difference, seeds);
        double[] one = new double[2 * seeds + 1];
        for (int each : difference) one[each + seeds] += 1.0 / n;
        double[] sum = {1};
        for (int bit = Integer.highestOneBit(n); bit > 0; bit >>= 1) {
            sum = convolve(sum, sum);
            if ((n & bit) != 0) sum = convolve(sum, one);
        }
        int low = 0, high = sum.length - 1;
        for (double below = sum[0]; below < 0.025; below += sum[++low]) continue;
        for (double above = sum[high]; above < 0.025; above += sum[--high]) continue;
        double questions = (double) n * seeds;
        return new Statistics.Interval((low - n * seeds) / questions, (high - n * seeds) / questions);
    }

    private static double[] convolve(double[] a, double[] b) {
        double[] c = new double[a.length + b.length - 1];
        for (int i = 0; i < a.length; i++) {
            double x = a[i];
            if (x < 1e-18) continue; // too rare to move a percentile
            for (int j = 0; j < b.length; j++) c[i + j] += x * b[j];
        }
        return c;
    }

    private static Statistics.Interval resampled(int[] difference, int seeds) {
        double[] means = new double[RESAMPLES];
        SplittableRandom random = new SplittableRandom(0);
        for (int s = 0; s < RESAMPLES; s++) {
            long sum = 0;
            for (int i = 0; i < difference.length; i++) sum += difference[random.nextInt(difference.length)];
            means[s] = sum / (double) (difference.length * seeds);
        }
        java.util.Arrays.sort(means);
        return new Statistics.Interval(means[(int) (0.025 * (RESAMPLES - 1))], means[(int) Math.ceil(0.975 * (RESAMPLES - 1))]);
    }

    private static List<Test> holm(List<Test> family) {
        List<Test> ordered = new ArrayList<>(family);
        ordered.sort(Comparator.comparingDouble(Test::p));
        double[] adjusted = new double[ordered.size()];
        double running = 0;
        for (int i = 0; i < adjusted.length; i++) {
            running = Math.max(running, Math.min(1, ordered.get(i).p() * (adjusted.length - i)));
            adjusted[i] = running;
        }
        List<Test> all = new ArrayList<>();
        for (Test each : family) all.add(new Test(each.evaluation, each.method, each.reference, each.difference, each.interval, each.better, each.worse, each.p, adjusted[ordered.indexOf(each)]));
        return all;
    }
}
