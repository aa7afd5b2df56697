package io.graft.merge.analysis;

import io.graft.merge.analysis.ChangeSweep.Visitor;
import io.graft.merge.method.Cut;
import java.util.function.LongConsumer;

/**
 * The largest changes of each expert, over all tensors together, exactly. Where the last of them equals others, these are in too, and
 * no change is never in: choosing among equals by their index would make two experts share what neither of them learned, and
 * in BF16 many changes are equal.
 */
final class TopChanges {

    private static final int MAGNITUDE = 0x7fffffff;

    /** By expert, then fraction. */
    private final Cut[][] cuts;

    /**
     * Finds them, in two walks.
     *
     * @param fractions of all changes, ascending
     */
    static TopChanges find(ChangeSweep sweep, int experts, double[] fractions, LongConsumer progress) {
        TopChanges top = new TopChanges(experts, fractions, sweep.elements());
        top.count(sweep, experts, progress);
        top.refine(sweep, progress);
        return top;
    }

    private TopChanges(int experts, double[] fractions, long elements) {
        cuts = new Cut[experts][fractions.length];
        for (Cut[] each : cuts) for (int k = 0; k < each.length; k++) each[k] = new Cut((long) (fractions[k] * elements), elements);
    }

    /**
     * In how many of the sets an element is not: the sets grow with their fractions, so 0 is in all, the number of fractions in none.
     *
     * @param expert    the expert
     * @param change    the element's change
     * @return the place of the first set that it is in
     */
    int level(int expert, float change) {
        int magnitude = Float.floatToRawIntBits(change) & MAGNITUDE;
        Cut[] sets = cuts[expert];
        int level = 0;
        while (level < sets.length && magnitude < Math.max(1, sets[level].bits())) level++;
        return level;
    }

    private void count(ChangeSweep sweep, int experts, LongConsumer progress) {
        long[][] all = new long[experts][Cut.UPPER];
        sweep.run(_ -> new Visitor() {
            private final int[][] counts = new int[experts][Cut.UPPER];

            @Override
            public void block(long first, int count, float[] base, float[][] changes) {
                for (int e = 0; e < experts; e++) {
                    float[] d = changes[e];
                    int[] to = counts[e];
                    for (int i = 0; i < count; i++) to[(Float.floatToRawIntBits(d[i]) & MAGNITUDE) >>> Cut.LOW_BITS]++;
                }
                flush(); // an int holds any block's counts
            }

            private void flush() {
                synchronized (all) {
                    for (int e = 0; e < experts; e++)
                        for (int i = 0; i < Cut.UPPER; i++) {
                            all[e][i] += counts[e][i];
                            counts[e][i] = 0;
                        }
                }
            }
        }, progress);
        for (int e = 0; e < experts; e++) for (Cut cut : cuts[e]) if (!cut.isTrivial()) cut.counted(all[e]);
    }

    private void refine(ChangeSweep sweep, LongConsumer progress) {
        sweep.run(_ -> new Visitor() {
            private final int[][][] counts = new int[cuts.length][cuts[0].length][];

            @Override
            public void block(long first, int count, float[] base, float[][] changes) {
                for (int e = 0; e < cuts.length; e++)
                    for (int k = 0; k < cuts[e].length; k++) {
                        if (cuts[e][k].isTrivial()) continue;
                        if (counts[e][k] == null) counts[e][k] = new int[Cut.LOWER];
                        int bin = cuts[e][k].bin();
                        for (int i = 0; i < count; i++) {
                            int magnitude = Float.floatToRawIntBits(changes[e][i]) & MAGNITUDE;
                            if (magnitude >>> Cut.LOW_BITS == bin) counts[e][k][magnitude & Cut.LOWER - 1]++;
                        }
                        synchronized (cuts) {
                            cuts[e][k].add(counts[e][k]);
                        }
                    }
            }
        }, progress);
        for (Cut[] each : cuts) for (Cut cut : each) if (!cut.isTrivial()) cut.refined(sweep.tuples.size());
    }
}
