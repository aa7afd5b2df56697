package io.graft.merge.method;

/**
 * The k largest magnitudes of a tensor, exactly, by counting: magnitudes are compared as the bits of an F32 without its sign,
 * whose order as whole numbers is that of the values. The first pass counts them by their upper 16 bits, which tells the upper half of
 * the k-th largest; the second counts the lower 15 bits of those; where more equal the k-th than there is room for, two more
 * passes find the index up to which they are in.
 *
 * <p>What walks over the tensor calls it between the passes; for one thread at a time.
 */
public final class Cut {

    /** Counts of the first pass: magnitude bits without their {@link #LOW_BITS}. */
    public static final int UPPER = 1 << 16;
    /** Bits that the second pass counts by. */
    public static final int LOW_BITS = 15;
    /** Counts of the second pass. */
    public static final int LOWER = 1 << LOW_BITS;

    private final long k;
    private final boolean trivial;
    /** The upper half of the k-th largest. */
    private int bin = -1;
    /** How many of those with that upper half are in. */
    private long inBin;
    private final long[] lower = new long[LOWER];
    /** By chunk: elements that equal the k-th largest; null before the pass that counts them. */
    private long[] equals;
    private long wanted;
    private long chunk = -1;
    private boolean tied;

    /** Elements with greater magnitude bits are in. */
    private int bits;
    /** Of those that equal {@link #bits}, those with a lower index are in. */
    private long until;

    /**
     * The k largest of n.
     *
     * @param k how many
     * @param n of how many
     */
    public Cut(long k, long n) {
        this.k = k;
        this.trivial = k <= 0 || k >= n;
        bits = k <= 0 ? Integer.MAX_VALUE : 0;
        until = k <= 0 ? 0 : Long.MAX_VALUE;
    }

    /** {@return whether all or nothing is in, which needs no pass} */
    public boolean isTrivial() { return trivial; }

    /** {@return the upper half of the k-th largest, after the first pass; -1 where it needs none} */
    public int bin() { return bin; }

    /** {@return the bits of the k-th largest, after the second pass} */
    public int bits() { return bits; }

    /**
     * Ends the first pass.
     *
     * @param upper how many magnitudes have each upper half
     */
    public void counted(long[] upper) {
        long above = 0;
        int at = UPPER - 1;
        while (above + upper[at] < k) above += upper[at--];
        bin = at;
        inBin = k - above;
    }

    /**
     * Adds counts of the second pass, and clears them.
     *
     * @param counts how many magnitudes of the {@link #bin} have each lower half
     */
    public void add(int[] counts) {
        for (int i = 0; i < LOWER; i++) {
            lower[i] += counts[i];
            counts[i] = 0;
        }
    }

    /**
     * Ends the second pass.
     *
     * @param chunks in which the third one will count
     */
    public void refined(int chunks) {
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

    /**
     * Reports a chunk of the third pass.
     *
     * @param chunk its number
     * @param count how many of its magnitudes are {@link #bits}
     */
    void equal(int chunk, long count) { equals[chunk] = count; }

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

    /**
     * Ends the fourth pass.
     *
     * @param index behind the last of the equals that are in
     */
    void located(long index) { until = index; }

    /** {@return whether nothing is in} */
    boolean isEmpty() { return k <= 0; }

    /** {@return the number that bits must exceed in a block that lies on one side of {@link #until}; MIN_VALUE where it lies on both} */
    int limit(long index, int n) { return until >= index + n ? bits - 1 : until <= index ? bits : Integer.MIN_VALUE; }

    /**
     * Whether an element is in, when the passes are done.
     *
     * @param magnitude its bits without the sign
     * @param index     its number
     * @return whether it is one of the k largest
     */
    boolean has(int magnitude, long index) { return magnitude > bits || magnitude == bits && index < until; }
}
