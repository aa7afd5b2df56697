package io.graft.formats.tokenizer;

/**
 * From a pair of ids to the rank of their merge: open addressing over longs, at most half full. A lookup is one or two
 * loads, where a {@code HashMap} of boxed keys takes four and an allocation.
 */
final class PairTable {

    /** The rank of no merge: larger than any. */
    static final int NONE = Integer.MAX_VALUE;

    private final long[] keys;
    private final int[] ranks;
    private final int shift;

    PairTable(int pairs) {
        int bits = Math.max(4, 33 - Integer.numberOfLeadingZeros(Math.max(1, pairs)));
        keys = new long[1 << bits];
        ranks = new int[1 << bits];
        shift = 64 - bits;
    }

    /** Sets the rank of a pair; the last of several stays. */
    void put(int left, int right, int rank) {
        long key = key(left, right);
        int at = slot(key);
        while (keys[at] != 0 && keys[at] != key) at = at + 1 & keys.length - 1;
        keys[at] = key;
        ranks[at] = rank;
    }

    /** {@return the rank of a pair, or {@link #NONE}} */
    int get(int left, int right) {
        long key = key(left, right);
        int at = slot(key);
        while (true) {
            long found = keys[at];
            if (found == key) return ranks[at];
            if (found == 0) return NONE;
            at = at + 1 & keys.length - 1;
        }
    }

    /** Ids are 0 or more, so that a key is never 0, which marks a free slot. */
    private static long key(int left, int right) { return (long) (left + 1) << 32 | right; }

    private int slot(long key) { return (int) (key * 0x9E3779B97F4A7C15L >>> shift); }
}
