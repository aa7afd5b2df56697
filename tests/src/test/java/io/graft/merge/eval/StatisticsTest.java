package io.graft.merge.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class StatisticsTest {

    /** 37 of 250 by SciPy: statsmodels and Commons Statistics give the same digits. */
    @Test
    void wilsonIsThatOfOthers() {
        Statistics.Interval interval = Statistics.wilson(37, 250);
        assertEquals(0.109319823983256, interval.low(), 1e-14);
        assertEquals(0.197334018861536, interval.high(), 1e-14);
        assertEquals(new Statistics.Interval(0, 1), Statistics.wilson(0, 0));
        assertEquals(0, Statistics.wilson(0, 10).low());
        assertEquals(1, Statistics.wilson(10, 10).high());
    }

    @Test
    void mcNemarIsTheExactBinomialTest() {
        assertEquals(0.041389465332031, Statistics.mcNemar(5, 15), 1e-14);
        assertEquals(1, Statistics.mcNemar(0, 0));
        assertEquals(1, Statistics.mcNemar(7, 7));
        assertEquals(2 * Math.pow(0.5, 10), Statistics.mcNemar(10, 0), 1e-16);
    }

    @Test
    void theBootstrapOfEqualModelsIsZeroAndOfASeedTheSame() {
        boolean[] some = new boolean[100], all = new boolean[100];
        for (int i = 0; i < 30; i++) some[i] = true;
        Arrays.fill(all, true);
        assertEquals(new Statistics.Interval(0, 0), Statistics.pairedBootstrap(some, some, 1000, 1));
        Statistics.Interval interval = Statistics.pairedBootstrap(some, all, 2000, 1);
        assertEquals(interval, Statistics.pairedBootstrap(some, all, 2000, 1));
        assertTrue(interval.low() < 0.7 && interval.high() > 0.7 && interval.low() > 0.55 && interval.high() < 0.85, interval.toString());
    }
}
