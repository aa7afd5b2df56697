package io.graft.engine.model;

import java.util.Arrays;

/**
 * New tokens of one or more texts, packed one text after the other: what one pass computes. Every text has its own cache, sees
 * itself only, and its positions go on where its cache ends. Reused from pass to pass; for one thread.
 */
public final class Batch {

    private int parts;
    private KvCache[] caches = new KvCache[4];
    private int[] ends = new int[4];
    private int[] ids = new int[64];

    /** A batch of nothing. */
    public Batch() {}

    /** Empties it. */
    public void clear() {
        Arrays.fill(caches, 0, parts, null);
        parts = 0;
    }

    /**
     * Adds tokens of a text.
     *
     * @param cache of the text, which receives them; once a batch
     * @param from  a text's tokens
     * @param first the first of them to add
     * @param end   behind the last
     * @return this batch
     * @throws IllegalArgumentException if there is none, or the cache is in the batch already
     */
    public Batch add(KvCache cache, int[] from, int first, int end) {
        if (end <= first) throw new IllegalArgumentException("a text of no tokens");
        for (int part = 0; part < parts; part++)
            if (caches[part] == cache) throw new IllegalArgumentException("a cache stands twice in a batch; each text has its own");
        int rows = rows();
        if (parts == caches.length) {
            caches = Arrays.copyOf(caches, 2 * parts);
            ends = Arrays.copyOf(ends, 2 * parts);
        }
        if (rows + end - first > ids.length) ids = Arrays.copyOf(ids, Math.max(2 * ids.length, rows + end - first));
        System.arraycopy(from, first, ids, rows, end - first);
        caches[parts] = cache;
        ends[parts++] = rows + end - first;
        return this;
    }

    /** {@return how many tokens it has, one a row} */
    public int rows() { return parts == 0 ? 0 : ends[parts - 1]; }

    /** {@return how many texts it has} */
    public int parts() { return parts; }

    /** Takes the last text out again. */
    void removeLast() { caches[--parts] = null; }

    KvCache cache(int part) { return caches[part]; }

    int first(int part) { return part == 0 ? 0 : ends[part - 1]; }

    int end(int part) { return ends[part]; }

    int id(int row) { return ids[row]; }

    int[] ids() { return ids; }
}
