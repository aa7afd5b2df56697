package io.graft.merge.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.graft.merge.eval.Statistics;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The bootstrap's interval is what resampling comes to. */
class ComparisonsTest {

    @Test
    void theExactIntervalIsThatOfManyResamples() {
        SplittableRandom random = new SplittableRandom(1);
        for (int seeds : new int[] {1, 3}) {
            int[] difference = new int[101];
            for (int i = 0; i < difference.length; i++) difference[i] = random.nextInt(-1, seeds + 1);
            Statistics.Interval exact = Comparisons.bootstrap(difference, seeds);
            double[] means = new double[40_000];
            for (int s = 0; s < means.length; s++) {
                int sum = 0;
                for (int i = 0; i < difference.length; i++) sum += difference[random.nextInt(difference.length)];
                means[s] = sum / (101.0 * seeds);
            }
            Arrays.sort(means);
            // Percentiles of 40,000 draws lie within one step of the sum, 1 / 101 / seeds, of the true ones, but for some in a million.
            assertEquals(means[1000], exact.low(), 1.01 / 101 / seeds);
            assertEquals(means[38_999], exact.high(), 1.01 / 101 / seeds);
        }
    }

    @Test
    void noDifferenceHasNoInterval() {
        assertEquals(new Statistics.Interval(0, 0), Comparisons.bootstrap(new int[50], 1));
        assertEquals(new Statistics.Interval(1, 1), Comparisons.bootstrap(new int[] {1, 1, 1}, 1));
    }
}
