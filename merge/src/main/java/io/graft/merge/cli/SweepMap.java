package io.graft.merge.cli;

import io.graft.merge.search.Sweep.Result;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;

/**
 * The best of a sweep by its boundaries.
 *
 * @param bottoms down
 * @param tops    across
 * @param best    (bottoms, tops); NaN where zones would overlap
 */
record SweepMap(List<Integer> bottoms, List<Integer> tops, double[][] best) {

    /** Of the score. */
    static SweepMap of(List<Result> results) { return of(results, each -> each.verdict().score()); }

    /** Of anything. */
    static SweepMap of(List<Result> results, ToDoubleFunction<Result> value) {
        TreeSet<Integer> bottoms = new TreeSet<>(), tops = new TreeSet<>();
        for (Result each : results) {
            bottoms.add(each.candidate().bottom());
            tops.add(each.candidate().top());
        }
        List<Integer> down = List.copyOf(bottoms), across = List.copyOf(tops);
        double[][] best = new double[down.size()][across.size()];
        for (double[] row : best) Arrays.fill(row, Double.NaN);
        for (Result each : results) {
            int row = down.indexOf(each.candidate().bottom()), column = across.indexOf(each.candidate().top());
            double found = value.applyAsDouble(each);
            if (!(best[row][column] >= found)) best[row][column] = found;
        }
        return new SweepMap(down, across, best);
    }

    /** A value's place between the least and the greatest, 0 to 1. */
    double depth(double value) {
        double least = Double.POSITIVE_INFINITY, greatest = Double.NEGATIVE_INFINITY;
        for (double[] row : best)
            for (double each : row) {
                if (Double.isNaN(each)) continue;
                least = Math.min(least, each);
                greatest = Math.max(greatest, each);
            }
        return greatest > least ? (value - least) / (greatest - least) : 1;
    }
}
