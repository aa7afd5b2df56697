package io.graft.merge.method;

/**
 * The k largest magnitudes of a tensor, exactly, by counting: magnitudes are compared as the bits of an F32 without its sign,
 * whose order as whole numbers is that of the values. The first pass counts them by their upper 16 bits, which tells the upper half of
 * the k-th largest; the second counts the lower 15 bits of those; where more equal the k-th than there is room for, two more
 * passes find the index up to which they are in.
 *
 * <p>Filled by {@link Selection} under its lock, read when the passes are done.
 */
final class Cut {

    static final int UPPER = 1 << 16, LOW_BITS = 15, LOWER = 1 << LOW_BITS;

    private final long k;
    private final boolean trivial;
    /** The upper half of the k-th largest. */
    int bin = -1;
    /** How many of those with that upper half are in. */
    private long inBin;
    private final long[] lower = new long[LOWER];
    /** By chunk: elements that equal the k-th largest; null before the pass that counts them. */
    long[] equals;
    private long wanted;
    private long chunk = -1;
    private boolean tied;

    /** Elements with greater magnitude bits are in. */
    int bits;
    /** Of those that equal {@link #bits}, those with a lower index are in. */
    long until;

    /** The k largest of n. */
    Cut(long k, long n) {
        this.k = k;
        this.trivial = k <= 0 || k >= n;
        bits = k <= 0 ? Integer.MAX_VALUE : 0;
        until = k <= 0 ? 0 : Long.MAX_VALUE;
    }

    /** {@return whether all or nothing is in, which needs no pass} */
    boolean isTrivial() { return trivial; }

    /** Ends the first pass. */
    void counted(long[] upper) {
        long above = 0;
        int at = UPPER - 1;
        while (above + upper[at] < k) above += upper[at--];
        bin = at;
        inBin = k - above;
    }

    /** Adds a chunk's counts, and clears them. */
    void add(int[] counts) {
        for (int i = 0; i < LOWER; i++) {
            lower[i] += counts[i];
            counts[i] = 0;
        }
    }

    /** Ends the second pass. */
    void refined(int chunks) {
        long above = 0;
        int at = LOWER - 1;
        while (above + lower[at] < inBin) above += lower[at--];
        bits = bin << LOW_BITS | at;
        wanted = inBin - above;
        tied = lower[at] > wanted;
        if (tied) equals = new long[chunks];
    }

    /** {@return Σ of what is in and has the upper half of the k-th largest: in F64, greatest first} */
    double sumInBin() {
        if (trivial) return 0;
        double sum = 0;
        for (int i = LOWER - 1; i > (bits & LOWER - 1); i--) sum += lower[i] * (double) Float.intBitsToFloat(bin << LOW_BITS | i);
        return sum + wanted * (double) Float.intBitsToFloat(bits);
    }

    /** {@return whether more equal the k-th largest than are in} */
    boolean isTied() { return tied; }

    /** Ends the third pass. */
    void tiesCounted() {
        if (!tied) return;
        int at = 0;
        while (wanted > equals[at]) wanted -= equals[at++];
        chunk = at;
    }

    /** {@return the chunk with the last of the equals that are in} */
    long chunk() { return chunk; }

    /** {@return which of that chunk's equals it is, from 1} */
    long wanted() { return wanted; }

    /** {@return the number that bits must exceed in a block that lies on one side of {@link #until}; MIN_VALUE where it lies on both} */
    int limit(long index, int n) { return until >= index + n ? bits - 1 : until <= index ? bits : Integer.MIN_VALUE; }

    /** {@return whether an element is in} */
    boolean has(int magnitude, long index) { return magnitude > bits || magnitude == bits && index < until; }
}
