package io.graft.merge.method;

/** What one thread counts in one chunk of one task vector. */
final class Tally {

    private static final int MAGNITUDE = 0x7fffffff;

    private int[] upper;
    private final int[][] lower = new int[2][];
    final long[] equal = new long[2];
    double total, kept;

    /** Counts magnitudes by their upper bits. */
    void count(float[] d, int n) {
        if (upper == null) upper = new int[Cut.UPPER];
        for (int i = 0; i < n; i++) upper[(Float.floatToRawIntBits(d[i]) & MAGNITUDE) >>> Cut.LOW_BITS]++;
    }

    /** Adds the counts to those of all chunks, and clears them. */
    void addCounts(long[] to) {
        for (int i = 0; i < Cut.UPPER; i++) {
            to[i] += upper[i];
            upper[i] = 0;
        }
    }

    /** Counts the lower bits of the magnitudes in a bin. */
    void refine(float[] d, int n, int cut, int bin) {
        int[] counts = lower(cut);
        for (int i = 0; i < n; i++) {
            int magnitude = Float.floatToRawIntBits(d[i]) & MAGNITUDE;
            if (magnitude >>> Cut.LOW_BITS == bin) counts[magnitude & Cut.LOWER - 1]++;
        }
    }

    int[] lower(int cut) {
        if (lower[cut] == null) lower[cut] = new int[Cut.LOWER];
        return lower[cut];
    }

    /** Counts the magnitudes with exactly these bits. */
    void equal(float[] d, int n, int cut, int bits) {
        int count = 0;
        for (int i = 0; i < n; i++) if ((Float.floatToRawIntBits(d[i]) & MAGNITUDE) == bits) count++;
        equal[cut] += count;
    }
}
