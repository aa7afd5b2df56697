package io.graft.formats.tokenizer;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Ids on their way out, with the original range of each, and the workspace of the one encoding that makes them. */
final class Ids {

    int[] ids, starts, ends;
    int count;
    /** The text of tokens that took white space with them, by their place: not the vocabulary's spelling. */
    Map<Integer, String> spellings = Map.of();

    /** Scratch of the model: symbols, their links, lengths and ranks. */
    int[] symbols = new int[64], lengths = new int[64], ranks = new int[64];

    Ids(int expected) {
        ids = new int[expected];
        starts = new int[expected];
        ends = new int[expected];
    }

    void add(int id, int start, int end) {
        if (count == ids.length) {
            int capacity = Math.max(16, Math.multiplyExact(count, 2));
            ids = Arrays.copyOf(ids, capacity);
            starts = Arrays.copyOf(starts, capacity);
            ends = Arrays.copyOf(ends, capacity);
        }
        ids[count] = id;
        starts[count] = start;
        ends[count++] = end;
    }

    /** Notes how the token added last is written. */
    void spelled(String text) {
        if (spellings.isEmpty()) spellings = new HashMap<>();
        spellings.put(count - 1, text);
    }

    /** Room for this many symbols. What stood there is lost. */
    void room(int symbolCount) {
        if (symbols.length >= symbolCount) return;
        int capacity = Math.max(symbolCount, symbols.length * 2);
        symbols = new int[capacity];
        lengths = new int[capacity];
        ranks = new int[capacity];
    }
}
