package io.graft.formats.tokenizer;

import java.util.Arrays;

/** The merges of a long piece: a heap of (rank, position) over a linked list of symbols, n log n for n symbols. */
final class LongMerge {

    private final int[] symbols, lengths, next, previous;
    private final PairTable pairs;
    private long[] heap;
    private int size;

    private LongMerge(int[] symbols, int[] lengths, int count, PairTable pairs) {
        this.symbols = symbols;
        this.lengths = lengths;
        this.pairs = pairs;
        next = new int[count];
        previous = new int[count];
        heap = new long[count];
    }

    /** Merges in place. {@return how many symbols are left} */
    static int merge(int[] symbols, int[] lengths, int count, PairTable pairs, int[] merged) {
        return new LongMerge(symbols, lengths, count, pairs).run(count, merged);
    }

    private int run(int count, int[] merged) {
        for (int i = 0; i < count; i++) {
            next[i] = i + 1 < count ? i + 1 : -1;
            previous[i] = i - 1;
        }
        for (int i = 0; i + 1 < count; i++) push(i);
        while (size > 0) {
            long top = pop();
            int rank = (int) (top >>> 32), at = (int) top, right = lengths[at] == 0 ? -1 : next[at];
            // A pair that a merge beside it has changed meanwhile: its new form is in the heap on its own.
            if (right < 0 || pairs.get(symbols[at], symbols[right]) != rank) continue;
            symbols[at] = merged[rank];
            lengths[at] += lengths[right];
            lengths[right] = 0;
            next[at] = next[right];
            if (next[at] >= 0) previous[next[at]] = at;
            push(at);
            if (previous[at] >= 0) push(previous[at]);
        }
        int left = 0;
        for (int i = 0; i >= 0; i = next[i]) {
            symbols[left] = symbols[i];
            lengths[left++] = lengths[i];
        }
        return left;
    }

    private void push(int at) {
        if (next[at] < 0) return;
        int rank = pairs.get(symbols[at], symbols[next[at]]);
        if (rank == PairTable.NONE) return;
        if (size == heap.length) heap = Arrays.copyOf(heap, size * 2 + 1);
        long entry = (long) rank << 32 | at;
        int i = size++;
        while (i > 0 && heap[(i - 1) / 2] > entry) {
            heap[i] = heap[(i - 1) / 2];
            i = (i - 1) / 2;
        }
        heap[i] = entry;
    }

    private long pop() {
        long top = heap[0], moved = heap[--size];
        int i = 0;
        for (int child = 1; child < size; child = 2 * i + 1) {
            if (child + 1 < size && heap[child + 1] < heap[child]) child++;
            if (heap[child] >= moved) break;
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = moved;
        return top;
    }
}
