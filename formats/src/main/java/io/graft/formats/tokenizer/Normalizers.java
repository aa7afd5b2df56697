package io.graft.formats.tokenizer;

import java.util.List;

/** What changes the text before it is cut. Each keeps, for every code point, the original range that it stands for. */
final class Normalizers {

    /** Changes every text piece. */
    interface Step {
        Pieces apply(Pieces pieces);
    }

    private Normalizers() {}

    static Step sequence(List<Step> steps) {
        return pieces -> {
            for (Step step : steps) pieces = step.apply(pieces);
            return pieces;
        };
    }

    /** Puts a text before every piece; it stands for what the piece's first code point stands for, and so does that one. */
    static Step prepend(String text) {
        int[] before = text.codePoints().toArray();
        return pieces -> pieces.rewrite((in, start, end, out) -> prepend(before, in, start, end, out));
    }

    static void prepend(int[] before, Pieces in, int start, int end, Pieces out) {
        for (int c : before) out.put(c, in.from(start), in.to(start));
        for (int at = start; at < end; at++) out.copy(in, at);
    }

    /** Replaces every match of a pattern; what is put in stands for the last code point of the match. */
    static Step replace(Patterns.Pattern pattern, String content) {
        int[] with = content.codePoints().toArray();
        return pieces -> pieces.rewrite((in, start, end, out) -> {
            int[] copied = {start};
            pattern.find(in.text, start, end, (from, to) -> {
                while (copied[0] < from) out.copy(in, copied[0]++);
                int last = Math.max(to - 1, start);
                for (int c : with) out.put(c, in.from(last), in.to(last));
                copied[0] = to;
            });
            while (copied[0] < end) out.copy(in, copied[0]++);
        });
    }

    /** Lower case, letter by letter: no rule looks at its neighbours (a final sigma is like any other). */
    static Step lowercase() {
        return pieces -> pieces.rewrite((in, start, end, out) -> {
            for (int at = start; at < end; at++) {
                int c = in.text[at];
                out.put(c == 0x130 ? 'i' : Character.toLowerCase(c), in.from(at), in.to(at));
                if (c == 0x130) out.put(0x307, in.from(at), in.to(at)); // the one letter whose small form is two code points
            }
        });
    }

    static Step strip(boolean left, boolean right) {
        return pieces -> pieces.rewrite((in, start, end, out) -> {
            int from = start, to = end;
            while (left && from < to && Letters.isSpace(in.text[from])) from++;
            while (right && to > from && Letters.isSpace(in.text[to - 1])) to--;
            for (int at = from; at < to; at++) out.copy(in, at);
        });
    }
}
