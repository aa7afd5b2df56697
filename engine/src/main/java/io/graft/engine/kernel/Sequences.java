package io.graft.engine.kernel;

import java.util.Arrays;

/**
 * Which rows of the queries and of the keys belong to which sequence, so that several share one call: packed behind each
 * other, padded to one length, or each with its own part of a cache. Rows that no range names are neither read nor written.
 *
 * <p>Queries are the last of their sequence's positions: the i-th of {@code queries} stands at position
 * {@code keys - queries + i} and sees the keys up to and including that position. Mutable, so that a decoder can reuse one;
 * not for use by two threads.
 */
public final class Sequences {

    private int count;
    private int[] ranges = new int[4];

    /** Makes an empty list. */
    public Sequences() {}

    /** {@return how many there are} */
    public int count() { return count; }

    /** Forgets all. */
    public void clear() { count = 0; }

    /**
     * Adds a sequence.
     *
     * @param firstQuery row of its first query, in the queries and in the output
     * @param queries    how many of them, 1 or more
     * @param firstKey   row of its position 0, in keys and values
     * @param keys       how many keys it has by now, those of the queries included
     * @return this
     */
    public Sequences add(int firstQuery, int queries, int firstKey, int keys) {
        if (firstQuery < 0 || queries < 1 || firstKey < 0 || keys < queries)
            throw new IllegalArgumentException("sequence of " + queries + " queries at " + firstQuery + ", " + keys + " keys at " + firstKey);
        for (int i = 0; i < count; i++)
            if (firstQuery < firstQuery(i) + queries(i) && firstQuery(i) < firstQuery + queries)
                throw new IllegalArgumentException("query rows " + firstQuery + " to " + (firstQuery + queries - 1) + " are in two sequences");
        if (4 * count == ranges.length) ranges = Arrays.copyOf(ranges, 8 * count);
        ranges[4 * count] = firstQuery;
        ranges[4 * count + 1] = queries;
        ranges[4 * count + 2] = firstKey;
        ranges[4 * count + 3] = keys;
        count++;
        return this;
    }

    /**
     * One whole sequence without a past.
     *
     * @param length its positions
     * @return it
     */
    public static Sequences single(int length) { return new Sequences().add(0, length, 0, length); }

    /**
     * {@return the row of a sequence's first query}
     *
     * @param i which sequence
     */
    public int firstQuery(int i) { return ranges[4 * i]; }

    /**
     * {@return how many queries a sequence has}
     *
     * @param i which sequence
     */
    public int queries(int i) { return ranges[4 * i + 1]; }

    /**
     * {@return the row of a sequence's first key}
     *
     * @param i which sequence
     */
    public int firstKey(int i) { return ranges[4 * i + 2]; }

    /**
     * {@return how many keys a sequence has}
     *
     * @param i which sequence
     */
    public int keys(int i) { return ranges[4 * i + 3]; }

    @Override
    public String toString() { return Arrays.toString(Arrays.copyOf(ranges, 4 * count)); }
}
