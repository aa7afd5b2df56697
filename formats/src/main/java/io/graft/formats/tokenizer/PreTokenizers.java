package io.graft.formats.tokenizer;

import java.util.List;

/** What cuts the text into words before the model sees it. */
final class PreTokenizers {

    /** What becomes of the matches of a split. */
    enum Behavior { REMOVED, ISOLATED, MERGED_WITH_PREVIOUS, MERGED_WITH_NEXT, CONTIGUOUS }

    private PreTokenizers() {}

    /**
     * Cuts every piece at the matches of a pattern.
     *
     * @param pattern  the pattern
     * @param behavior what becomes of its matches
     * @param invert   whether what lies between the matches counts as the matches
     */
    static Normalizers.Step split(Patterns.Pattern pattern, Behavior behavior, boolean invert) {
        return pieces -> {
            pieces.split((text, start, end, cuts) -> {
                Parts parts = new Parts(behavior, cuts);
                int[] done = {start};
                pattern.find(text, start, end, (from, to) -> {
                    if (from > done[0]) parts.add(done[0], from, invert);
                    parts.add(from, to, !invert);
                    done[0] = to;
                });
                if (done[0] < end) parts.add(done[0], end, invert);
                parts.end();
            });
            return pieces;
        };
    }

    /** Joins neighbouring parts as the behaviour wants, holding back one. */
    private static final class Parts {

        private final Behavior behavior;
        private final Pieces.Cuts cuts;
        private int start = -1, end;
        private boolean previous;

        Parts(Behavior behavior, Pieces.Cuts cuts) {
            this.behavior = behavior;
            this.cuts = cuts;
        }

        void add(int from, int to, boolean match) {
            if (behavior == Behavior.REMOVED && match) return;
            boolean joins = start >= 0 && switch (behavior) {
                case REMOVED, ISOLATED -> false;
                case CONTIGUOUS -> match == previous;
                case MERGED_WITH_PREVIOUS -> match && !previous;
                case MERGED_WITH_NEXT -> previous && !match;
            };
            if (!joins) {
                end();
                start = from;
            }
            end = to;
            previous = match;
        }

        void end() {
            if (start >= 0) cuts.add(start, end);
            start = -1;
        }
    }

    /** The bytes of every piece as letters, cut into words before where {@code words} is given. */
    static Normalizers.Step byteLevel(boolean prefixSpace, Patterns.Pattern words) {
        int[] space = {' '};
        Normalizers.Step split = words == null ? null : split(words, Behavior.ISOLATED, false);
        return pieces -> {
            if (prefixSpace) {
                pieces = pieces.rewrite((in, start, end, out) -> Normalizers.prepend(in.text[start] == ' ' ? new int[0] : space, in, start, end, out));
            }
            if (split != null) pieces = split.apply(pieces);
            return pieces.rewrite((in, start, end, out) -> {
                for (int at = start; at < end; at++) ByteAlphabet.spell(in.text[at], in.from(at), in.to(at), out);
            });
        };
    }

    /** When Metaspace puts its mark before a piece that has none. */
    enum Prepend { FIRST, ALWAYS, NEVER }

    /** The mark of SentencePiece for every space, and before the text. */
    static Normalizers.Step metaspace(int mark, Prepend prepend, boolean split) {
        int[] before = {mark};
        Normalizers.Step cut = split(Patterns.each(c -> c == mark), Behavior.MERGED_WITH_NEXT, false);
        return pieces -> {
            pieces = pieces.rewrite((in, start, end, out) -> {
                boolean marked = in.text[start] == ' ' || in.text[start] == mark;
                boolean here = !marked && (prepend == Prepend.ALWAYS || prepend == Prepend.FIRST && in.from(start) == 0);
                for (int c : here ? before : new int[0]) out.put(c, in.from(start), in.to(start));
                for (int at = start; at < end; at++) out.put(in.text[at] == ' ' ? mark : in.text[at], in.from(at), in.to(at));
            });
            return split ? cut.apply(pieces) : pieces;
        };
    }

    static Normalizers.Step sequence(List<Normalizers.Step> steps) { return Normalizers.sequence(steps); }
}
