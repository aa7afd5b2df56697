package io.graft.formats.tokenizer;

import java.util.Arrays;

/**
 * A text on its way to ids: its code points, where each comes from in the original, and where it has been cut.
 *
 * <p>One buffer for the whole text and arrays of boundaries, not an object a word: cutting copies no text.
 * A piece with a token is settled (an added token); pieces may overlap or leave gaps.
 */
final class Pieces {

    /** Rewrites one piece into {@code out}; what it leaves empty is no piece any more. */
    interface Rewriter {
        void rewrite(Pieces in, int start, int end, Pieces out);
    }

    /** Cuts one piece by {@link Cuts#add}. */
    interface Splitter {
        void split(int[] text, int start, int end, Cuts cuts);
    }

    /** Takes the parts that a {@link Splitter} makes. Empty parts are dropped. */
    interface Cuts {
        void add(int start, int end);
    }

    private static final int TEXT = -1;

    /** Code points; 0 to {@link #length} are in use. */
    int[] text;
    int length;
    /** The original range of each code point, in code points; null while every one is itself. */
    private int[] from, to;

    private int[] starts, ends, tokens;
    private int count;

    private Pieces(int capacity, boolean aligned, int pieces) {
        text = new int[capacity];
        if (aligned) {
            from = new int[capacity];
            to = new int[capacity];
        }
        starts = new int[pieces];
        ends = new int[pieces];
        tokens = new int[pieces];
    }

    /** One piece, the whole text. Unpaired surrogates become U+FFFD. */
    static Pieces of(String string) {
        int chars = string.length();
        Pieces pieces = new Pieces(Math.max(1, chars), false, 16);
        int[] text = pieces.text;
        int n = 0;
        for (int i = 0; i < chars; i++) {
            char c = string.charAt(i);
            if (!Character.isSurrogate(c)) text[n++] = c;
            else if (Character.isHighSurrogate(c) && i + 1 < chars && Character.isLowSurrogate(string.charAt(i + 1))) text[n++] = Character.toCodePoint(c, string.charAt(++i));
            else text[n++] = 0xFFFD;
        }
        pieces.length = n;
        if (n > 0) pieces.piece(0, n, TEXT);
        return pieces;
    }

    int count() { return count; }

    int start(int piece) { return starts[piece]; }

    int end(int piece) { return ends[piece]; }

    /** The id of an added token, or below 0 for text. */
    int token(int piece) { return tokens[piece]; }

    /** Where code point {@code at} begins in the original. */
    int from(int at) { return from == null ? at : from[at]; }

    /** Where code point {@code at} ends in the original. */
    int to(int at) { return to == null ? at + 1 : to[at]; }

    /** Appends a code point that stands for the original range [from, to). */
    void put(int codePoint, int from, int to) {
        if (length == text.length) grow();
        text[length] = codePoint;
        this.from[length] = from;
        this.to[length++] = to;
    }

    private void grow() {
        int capacity = Math.max(16, Math.multiplyExact(length, 2));
        text = Arrays.copyOf(text, capacity);
        from = Arrays.copyOf(from, capacity);
        to = Arrays.copyOf(to, capacity);
    }

    /** Appends a code point of another text with its range. */
    void copy(Pieces in, int at) { put(in.text[at], in.from(at), in.to(at)); }

    private void piece(int start, int end, int token) {
        if (count == starts.length) {
            int capacity = count * 2;
            starts = Arrays.copyOf(starts, capacity);
            ends = Arrays.copyOf(ends, capacity);
            tokens = Arrays.copyOf(tokens, capacity);
        }
        starts[count] = start;
        ends[count] = end;
        tokens[count++] = token;
    }

    /** A new text with every text piece rewritten. */
    Pieces rewrite(Rewriter rewriter) {
        Pieces out = new Pieces(length + length / 8 + 16, true, Math.max(16, count));
        for (int i = 0; i < count; i++) {
            int begin = out.length;
            if (tokens[i] >= 0)
                for (int at = starts[i]; at < ends[i]; at++) out.copy(this, at);
            else rewriter.rewrite(this, starts[i], ends[i], out);
            if (out.length > begin) out.piece(begin, out.length, tokens[i]);
        }
        return out;
    }

    /** Cuts every text piece. */
    void split(Splitter splitter) {
        int[] oldStarts = starts, oldEnds = ends, oldTokens = tokens;
        int old = count;
        begin();
        Cuts cuts = (start, end) -> { if (start < end) piece(start, end, TEXT); };
        for (int i = 0; i < old; i++) {
            if (oldTokens[i] >= 0) piece(oldStarts[i], oldEnds[i], oldTokens[i]);
            else splitter.split(text, oldStarts[i], oldEnds[i], cuts);
        }
    }

    /** Cuts added tokens out of every text piece. */
    void settle(AddedTokens.Matcher matcher) {
        if (matcher.isEmpty()) return;
        int[] oldStarts = starts, oldEnds = ends, oldTokens = tokens;
        int old = count;
        begin();
        for (int i = 0; i < old; i++) {
            if (oldTokens[i] >= 0) piece(oldStarts[i], oldEnds[i], oldTokens[i]);
            else matcher.match(text, oldStarts[i], oldEnds[i], (start, end, token) -> { if (start < end) piece(start, end, token); });
        }
    }

    private void begin() {
        int capacity = Math.max(16, length / 4);
        starts = new int[capacity];
        ends = new int[capacity];
        tokens = new int[capacity];
        count = 0;
    }
}
