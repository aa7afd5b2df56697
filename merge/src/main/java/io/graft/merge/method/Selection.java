package io.graft.merge.method;

import io.graft.merge.plan.Keep;
import io.graft.merge.plan.Operation.Part;

/**
 * What is kept of one task vector, found in the passes of {@link Selections}: where the k-th largest magnitudes lie, and the factor
 * that gives the kept elements the L1 norm that all had.
 */
final class Selection {

    /** Sums of magnitudes below this rescale nothing. */
    private static final double NO_SUM = 1e-7;
    private static final int MAGNITUDE = 0x7fffffff;

    final Keep keep;
    final boolean rescale;
    /** The largest that are kept, then those of them that are dropped again; none for other ways to keep. */
    private final Cut[] cuts;
    private final int chunks;
    private final int part;
    private final MaskPlaces places;
    private long[] upper;
    private final double[] totals, kept;
    private float factor = 1;

    Selection(Part part, int number, long elements, int chunks, MaskPlaces places) {
        this.keep = part.keep();
        this.rescale = part.rescale() && !(keep instanceof Keep.All);
        this.cuts = keep instanceof Keep.Largest largest ? new Cut[] {new Cut(largest.keep(), elements), new Cut(largest.drop(), elements)} : new Cut[0];
        this.part = number;
        this.places = places;
        this.chunks = chunks;
        this.totals = rescale ? new double[chunks] : null;
        this.kept = rescale ? new double[chunks] : null;
    }

    boolean isNeeded(int pass, long chunk) {
        boolean any = false;
        for (Cut cut : cuts) {
            any |= switch (pass) {
                case Selections.COUNT, Selections.REFINE -> !cut.isTrivial();
                case Selections.TIES -> cut.isTied();
                default -> cut.isTied() && cut.chunk() == chunk;
            };
        }
        return any || rescale && pass == Selections.REFINE;
    }

    /** A block's task vector, in the order of the registers. */
    void block(int pass, float[] d, Registers in, int n, long index) {
        Tally tally = in.tally(part);
        switch (pass) {
            case Selections.COUNT -> {
                if (isNeeded(pass, 0)) tally.count(d, n);
            }
            case Selections.REFINE -> {
                for (int c = 0; c < cuts.length; c++) if (!cuts[c].isTrivial()) tally.refine(d, n, c, cuts[c].bin());
                if (rescale) sums(d, in, n, index, tally);
            }
            case Selections.TIES -> {
                for (int c = 0; c < cuts.length; c++) if (cuts[c].isTied()) tally.equal(d, n, c, cuts[c].bits());
            }
            default -> {
                for (int c = 0; c < cuts.length; c++) if (cuts[c].isTied() && index / Selections.CHUNK == cuts[c].chunk()) locate(cuts[c], d, in, n, index, tally, c);
            }
        }
    }

    private void sums(float[] d, Registers in, int n, long index, Tally tally) {
        double all = 0;
        for (int i = 0; i < n; i++) all += Math.abs(d[i]);
        double some = 0;
        if (keep instanceof Keep.Random random) {
            int[] mask = in.masks().block(places, part, random, index, n);
            for (int i = 0; i < n; i++) some += Math.abs(Float.intBitsToFloat(Float.floatToRawIntBits(d[in.place(i, n)]) & mask[i]));
        } else {
            // Those above the bin of the k-th largest; those in it are counted, and their sum follows from the counts.
            for (int c = 0; c < cuts.length; c++) {
                double above = 0;
                for (int i = 0; i < n; i++) if ((Float.floatToRawIntBits(d[i]) & MAGNITUDE) >>> Cut.LOW_BITS > cuts[c].bin()) above += Math.abs(d[i]);
                // A trivial cut has no bin: everything is above -1, which is right where all are in, and nothing is where none are.
                if (cuts[c].isEmpty()) above = 0;
                some += c == 0 ? above : -above;
            }
        }
        tally.total += all;
        tally.kept += some;
    }

    private static void locate(Cut cut, float[] d, Registers in, int n, long index, Tally tally, int c) {
        for (int i = 0; i < n; i++) {
            if ((Float.floatToRawIntBits(d[in.place(i, n)]) & MAGNITUDE) == cut.bits() && ++tally.equal[c] == cut.wanted()) cut.located(index + i + 1);
        }
    }

    synchronized void chunkDone(int pass, long chunk, Registers in) {
        Tally tally = in.tally(part);
        switch (pass) {
            case Selections.COUNT -> {
                if (!isNeeded(pass, 0)) return;
                if (upper == null) upper = new long[Cut.UPPER];
                tally.addCounts(upper);
            }
            case Selections.REFINE -> {
                for (int c = 0; c < cuts.length; c++) if (!cuts[c].isTrivial()) cuts[c].add(tally.lower(c));
                if (rescale) {
                    totals[(int) chunk] = tally.total;
                    kept[(int) chunk] = tally.kept;
                }
                tally.total = tally.kept = 0;
            }
            case Selections.TIES -> {
                for (int c = 0; c < cuts.length; c++) if (cuts[c].isTied()) cuts[c].equal((int) chunk, tally.equal[c]);
                java.util.Arrays.fill(tally.equal, 0);
            }
            default -> java.util.Arrays.fill(tally.equal, 0);
        }
    }

    void passDone(int pass) {
        switch (pass) {
            case Selections.COUNT -> {
                for (Cut cut : cuts) if (!cut.isTrivial()) cut.counted(upper);
                upper = null;
            }
            case Selections.REFINE -> {
                for (Cut cut : cuts) if (!cut.isTrivial()) cut.refined(chunks);
                if (rescale) rescaled();
            }
            case Selections.TIES -> {
                for (Cut cut : cuts) cut.tiesCounted();
            }
            default -> { }
        }
    }

    private void rescaled() {
        double all = 0, some = 0;
        for (double each : totals) all += each;
        for (double each : kept) some += each;
        if (cuts.length > 0) some += cuts[0].sumInBin() - cuts[1].sumInBin();
        factor = all < NO_SUM || some < NO_SUM ? 1 : (float) (all / some);
    }

    /** {@return the factor on what is kept, when the passes are done} */
    float factor() { return factor; }

    /**
     * Which elements of a block are kept, when the passes are done.
     *
     * @param d     the task vector, in the order of the registers
     * @param in    the thread's registers
     * @param n     elements
     * @param index of the first
     * @param mask  receives -1 for what is kept and 0 for the rest, in the order of the registers
     * @return whether the mask is needed: false where all are kept
     */
    boolean mask(float[] d, Registers in, int n, long index, int[] mask) {
        switch (keep) {
            case Keep.All _ -> {
                return false;
            }
            case Keep.Random random -> {
                int[] natural = in.masks().block(places, part, random, index, n);
                for (int i = 0; i < n; i++) mask[in.place(i, n)] = natural[i];
            }
            case Keep.Largest _ -> {
                int above = cuts[0].limit(index, n), dropped = cuts[1].limit(index, n);
                if (above == Integer.MIN_VALUE || dropped == Integer.MIN_VALUE) {
                    for (int i = 0; i < n; i++) {
                        int at = in.place(i, n), magnitude = Float.floatToRawIntBits(d[at]) & MAGNITUDE;
                        mask[at] = cuts[0].has(magnitude, index + i) && !cuts[1].has(magnitude, index + i) ? -1 : 0;
                    }
                } else if (dropped == Integer.MAX_VALUE) {
                    for (int i = 0; i < n; i++) mask[i] = above - (Float.floatToRawIntBits(d[i]) & MAGNITUDE) >> 31;
                } else {
                    for (int i = 0; i < n; i++) {
                        int magnitude = Float.floatToRawIntBits(d[i]) & MAGNITUDE;
                        mask[i] = above - magnitude >> 31 & ~(dropped - magnitude >> 31);
                    }
                }
            }
        }
        return true;
    }
}
