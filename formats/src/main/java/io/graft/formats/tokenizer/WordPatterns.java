package io.graft.formats.tokenizer;

/**
 * The split patterns of GPT-2 and of Llama 3 and Qwen 2, read by hand. Every code point belongs to a match.
 *
 * <p>Each method follows its expression's alternatives in their order. A run of white space is looked at three times at most.
 */
final class WordPatterns {

    private WordPatterns() {}

    /** {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}. */
    static void gpt2(int[] text, int start, int end, Pieces.Cuts out) {
        for (int at = start; at < end; ) {
            int stop = contraction(text, at, end, false);
            if (stop == at) {
                int body = text[at] == ' ' && at + 1 < end && Letters.kind(text[at + 1]) != Letters.SPACE ? at + 1 : at;
                byte kind = Letters.kind(text[body]);
                stop = kind == Letters.SPACE ? blank(text, at, end) : run(text, body, end, kind);
            }
            out.add(at, stop);
            at = stop;
        }
    }

    /**
     * {@code (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+}.
     */
    static void llama(int[] text, int start, int end, int digits, Pieces.Cuts out) {
        for (int at = start; at < end; ) {
            int stop = contraction(text, at, end, true);
            if (stop == at) stop = llamaWord(text, at, end, digits);
            out.add(at, stop);
            at = stop;
        }
    }

    private static int llamaWord(int[] text, int at, int end, int digits) {
        int c = text[at];
        byte kind = Letters.kind(c);
        if (kind == Letters.LETTER) return run(text, at, end, kind);
        if (kind == Letters.NUMBER) return run(text, at, Math.min(end, at + digits), kind);
        byte next = at + 1 < end ? Letters.kind(text[at + 1]) : Letters.SPACE;
        if (next == Letters.LETTER && c != '\r' && c != '\n') return run(text, at + 1, end, next);
        if (kind == Letters.OTHER || c == ' ' && next == Letters.OTHER) {
            int stop = run(text, kind == Letters.OTHER ? at : at + 1, end, Letters.OTHER);
            while (stop < end && isNewline(text[stop])) stop++;
            return stop;
        }
        int stop = run(text, at, end, Letters.SPACE);
        for (int last = stop - 1; last >= at; last--)
            if (isNewline(text[last])) return last + 1;
        return stop == end || stop == at + 1 ? stop : stop - 1;
    }

    private static boolean isNewline(int c) { return c == '\r' || c == '\n'; }

    private static int run(int[] text, int at, int end, byte kind) {
        while (at < end && Letters.kind(text[at]) == kind) at++;
        return at;
    }

    /** {@code \s+(?!\S)|\s+}: white space but for the last, which goes with the word that follows. */
    private static int blank(int[] text, int at, int end) {
        int stop = run(text, at, end, Letters.SPACE);
        return stop == end || stop == at + 1 ? stop : stop - 1;
    }

    private static int contraction(int[] text, int at, int end, boolean anyCase) {
        if (text[at] != '\'' || at + 1 >= end) return at;
        int one = letter(text[at + 1], anyCase);
        if (one == 's' || one == 't' || one == 'm' || one == 'd') return at + 2;
        int two = at + 2 < end ? letter(text[at + 2], anyCase) : -1;
        return one == 'r' && two == 'e' || one == 'v' && two == 'e' || one == 'l' && two == 'l' ? at + 3 : at;
    }

    private static int letter(int c, boolean anyCase) {
        if (!anyCase) return c;
        return c >= 'A' && c <= 'Z' ? c + 32 : c == 0x17F ? 's' : c; // the long s is an s in another case
    }
}
