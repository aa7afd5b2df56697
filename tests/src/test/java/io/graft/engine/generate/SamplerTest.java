package io.graft.engine.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.GraftException;
import io.graft.engine.RequestException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SamplerTest {

    private static final int DRAWS = 20_000;
    private static final float[] LOGITS = {1, 3, 0, 2, 3, -1};

    @Test
    void greedyTakesTheFirstOfTheLargest() { assertEquals(1, new Sampler(Sampling.GREEDY).choose(LOGITS, LOGITS.length)); }

    /** Each count is binomial: 5 standard deviations are passed once in 1.7 million. */
    @Test
    void tokensComeAsOftenAsTheSoftmaxSays() {
        assertFrequencies(new Sampling(0.7, 0, 1, 0, 1, 5), softmax(0.7, true, true, true, true, true, true));
        assertFrequencies(new Sampling(1, 3, 1, 0, 1, 5), softmax(1, false, true, false, true, true, false));
        assertFrequencies(new Sampling(1, 0, 1, 0.3, 1, 5), softmax(1, false, true, false, true, true, false)); // e^-1 = 0.37 stays, e^-2 = 0.14 goes
    }

    @Test
    void topPKeepsATokenWhileTheMoreLikelyOnesAreLess() {
        double[] p = softmax(1, true, true, true, true, true, true); // 0.385 of each 3, then 0.142
        assertFrequencies(new Sampling(1, 0, 2 * p[1] - 1e-6, 0, 1, 9), softmax(1, false, true, false, false, true, false));
        assertFrequencies(new Sampling(1, 0, 2 * p[1] + 1e-6, 0, 1, 9), softmax(1, false, true, false, true, true, false));
        assertFrequencies(new Sampling(1, 0, 1e-9, 0, 1, 9), softmax(1, false, true, false, false, false, false));
        // Behind a top-k, shares are of what that left.
        assertFrequencies(new Sampling(1, 2, 0.51, 0, 1, 9), softmax(1, false, true, false, false, true, false));
        assertFrequencies(new Sampling(1, 2, 0.49, 0, 1, 9), softmax(1, false, true, false, false, false, false));
    }

    @Test
    void theMostLikelyAreThoseThatSortingFinds() {
        SplittableRandom random = new SplittableRandom(3);
        float[] logits = new float[997];
        for (int i = 0; i < logits.length; i++) logits[i] = random.nextInt(40); // many equal ones
        for (int k = 1; k < logits.length; k += 83) {
            Integer[] sorted = new Integer[logits.length];
            for (int i = 0; i < sorted.length; i++) sorted[i] = i;
            java.util.Arrays.sort(sorted, (a, b) -> logits[a] != logits[b] ? Float.compare(logits[b], logits[a]) : a - b);
            Sampler sampler = new Sampler(new Sampling(100, k, 1, 0, 1, k));
            java.util.Set<Integer> allowed = new java.util.HashSet<>(java.util.Arrays.asList(sorted).subList(0, k));
            for (int draw = 0; draw < 50; draw++) assertTrue(allowed.contains(sampler.choose(logits, logits.length)));
        }
    }

    @Test
    void repetitionIsPenalisedOnBothSidesOfZero() {
        Sampler sampler = new Sampler(new Sampling(0, 0, 1, 0, 4, 0));
        float[] logits = {2, 1, -0.1f};
        assertEquals(0, sampler.choose(logits, 3));
        sampler.saw(0);
        assertEquals(1, sampler.choose(logits, 3));
        assertArrayEquals(new float[] {2, 1, -0.1f}, logits);
        sampler.saw(1);
        sampler.saw(2);
        assertEquals(0, sampler.choose(logits, 3)); // 0.5, 0.25, -0.4
    }

    @Test
    void theSeedDecides() {
        Sampling sampling = new Sampling(1, 0, 1, 0, 1, 77);
        int[] first = draws(sampling, 50), again = draws(sampling, 50), other = draws(new Sampling(1, 0, 1, 0, 1, 78), 50);
        assertArrayEquals(first, again);
        assertTrue(!java.util.Arrays.equals(first, other));
        assertArrayEquals(new int[] {1, 3, 3, 1, 4, 1, 4, 2, 1, 4}, java.util.Arrays.copyOf(first, 10), "SplitMix64, computed by another program");
    }

    @Test
    void logitsThatAreNoNumbersAreAnError() {
        assertThrows(GraftException.class, () -> new Sampler(Sampling.GREEDY).choose(new float[] {Float.NaN, Float.NaN}, 2));
        assertThrows(GraftException.class, () -> new Sampler(Sampling.GREEDY).choose(new float[] {1, Float.POSITIVE_INFINITY}, 2));
    }

    @Test
    void valuesOutOfRangeAreNamed() {
        assertTrue(assertThrows(RequestException.class, () -> new Sampling(1, 0, 0, 0, 1, 0)).getMessage().contains("top-p"));
        assertTrue(assertThrows(RequestException.class, () -> new Sampling(-1, 0, 1, 0, 1, 0)).getMessage().contains("temperature"));
        assertThrows(RequestException.class, () -> new Sampling(Double.NaN, 0, 1, 0, 1, 0));
        assertThrows(RequestException.class, () -> new Sampling(1, -1, 1, 0, 1, 0));
        assertThrows(RequestException.class, () -> new Sampling(1, 0, 1, 2, 1, 0));
        assertThrows(RequestException.class, () -> new Sampling(1, 0, 1, 0, 0, 0));
    }

    private static int[] draws(Sampling sampling, int count) {
        Sampler sampler = new Sampler(sampling);
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) ids[i] = sampler.choose(LOGITS, LOGITS.length);
        return ids;
    }

    private static void assertFrequencies(Sampling sampling, double[] expected) {
        int[] counts = new int[expected.length];
        for (int id : draws(sampling, DRAWS)) counts[id]++;
        for (int id = 0; id < counts.length; id++)
            assertEquals(expected[id] * DRAWS, counts[id], 5 * Math.sqrt(DRAWS * expected[id] * (1 - expected[id])), "token " + id + " with " + sampling);
    }

    private static double[] softmax(double temperature, boolean... kept) {
        double[] p = new double[kept.length];
        double sum = 0;
        for (int i = 0; i < p.length; i++) sum += p[i] = kept[i] ? Math.exp(LOGITS[i] / temperature) : 0;
        for (int i = 0; i < p.length; i++) p[i] /= sum;
        return p;
    }
}
