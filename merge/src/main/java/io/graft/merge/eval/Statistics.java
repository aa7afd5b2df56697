package io.graft.merge.eval;

import java.util.SplittableRandom;

/** Intervals and tests for counts of right answers. All in double, by {@link StrictMath}: the same digits everywhere. */
public final class Statistics {

    /** The 97.5 % point of the normal distribution. */
    private static final double Z = 1.959963984540054;

    private Statistics() {}

    /**
     * An interval.
     *
     * @param low  its lower end
     * @param high its upper end
     */
    public record Interval(double low, double high) {}

    /**
     * The Wilson score interval of a share, at 95 % (Wilson 1927).
     *
     * @param correct how many were right, 0 to total
     * @param total   of how many; 0 gives the whole interval from 0 to 1
     * @return the interval
     */
    public static Interval wilson(int correct, int total) {
        if (total == 0) return new Interval(0, 1);
        double p = correct / (double) total, z2 = Z * Z / total;
        double middle = (p + z2 / 2) / (1 + z2), reach = Z * Math.sqrt(p * (1 - p) / total + z2 / (4 * total)) / (1 + z2);
        return new Interval(correct == 0 ? 0 : Math.max(0, middle - reach), correct == total ? 1 : Math.min(1, middle + reach));
    }

    /**
     * McNemar's exact test of two models on the same questions: the two-sided binomial probability of so uneven a split of
     * the questions on which they differ.
     *
     * @param onlyFirst  questions that only the first got right
     * @param onlySecond questions that only the second got right
     * @return the probability, at most 1
     */
    public static double mcNemar(int onlyFirst, int onlySecond) {
        int n = onlyFirst + onlySecond, k = Math.min(onlyFirst, onlySecond);
        if (n == 0) return 1;
        double logTerm = -n * StrictMath.log(2), sum = 0; // log of C(n, 0) / 2^n
        for (int i = 0; i <= k; i++) {
            sum += StrictMath.exp(logTerm);
            logTerm += StrictMath.log(n - i) - StrictMath.log(i + 1);
        }
        return Math.min(1, 2 * sum);
    }

    /**
     * The paired bootstrap interval, at 95 %, of the difference of two models' accuracies on the same questions: percentiles
     * of the resampled means.
     *
     * @param first   for every question whether the first model was right
     * @param second  the same of the second
     * @param samples how often to resample, such as 10,000
     * @param seed    of the random numbers; the same seed, the same interval
     * @return the interval of accuracy(second) − accuracy(first)
     */
    public static Interval pairedBootstrap(boolean[] first, boolean[] second, int samples, long seed) {
        if (first.length != second.length || first.length == 0)
            throw new IllegalArgumentException("paired answers; expected as many of both, at least one, found " + first.length + " and " + second.length);
        int[] difference = new int[first.length];
        for (int i = 0; i < difference.length; i++) difference[i] = (second[i] ? 1 : 0) - (first[i] ? 1 : 0);
        double[] means = new double[samples];
        SplittableRandom random = new SplittableRandom(seed);
        for (int s = 0; s < samples; s++) {
            int sum = 0;
            for (int i = 0; i < difference.length; i++) sum += difference[random.nextInt(difference.length)];
            means[s] = sum / (double) difference.length;
        }
        java.util.Arrays.sort(means);
        return new Interval(means[(int) (0.025 * (samples - 1))], means[(int) Math.ceil(0.975 * (samples - 1))]);
    }
}
