package io.graft.formats.tokenizer;

import java.text.Normalizer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * NFC and NFKC (and their decomposed forms) with the Unicode data of the tokenizers library, which is of version 9.
 *
 * <p>{@link java.text.Normalizer} knows later compositions and marks. Its answer is the library's if the text is cut at the
 * code points that came later and these stay as they are: equal on 6.7 M strings. The text is normalised in segments, none
 * of which can act on the next, so that it is known which code points each result stands for.
 */
final class UnicodeForm implements Normalizers.Step {

    /** Below it nothing composes with, or moves before, what stands in front. */
    private static final int FIRST_MARK = 0x300;
    /** The JDK's normaliser moves marks by insertion, in quadratic time: longer runs are brought in order before. */
    private static final int LONG = 48;

    private static final BitSet LATER = ranges("7FD 897-89F 8CA-8D3 9FE C3C D3B-D3C EBA 1715 1ABF-1ACE 1DF6-1DFA A82C 105C9 105D2 105DA 105E4 10D24-10D27 10D69-10D6D 10EAB-10EAC 10EFD-10EFF"
            + " 10F46-10F50 10F82-10F85 11070 1133B 11382-11385 1138B 1138E 11390-11391 113B8 113BB 113C2 113C5 113C7-113C9 113CE-113D0 1145E 11839-1183A 11930 11935 11938 1193D-1193E 11943"
            + " 119E0 11A34 11A47 11A99 11D42 11D44-11D45 11D97 11F41-11F42 1611E-16129 1612F 16D63 16D67-16D6A 16FF0-16FF1 1E08F 1E130-1E136 1E2AE 1E2EC-1E2EF 1E4EC-1E4EF 1E5EE-1E5EF");
    private static final BitSet LATER_COMPATIBLE = ranges("32FF A7F2-A7F4 AB69 10781-10785 10787-107B0 107B2-107BA 1CCD6-1CCF9 1E030-1E06D 1F16C 1FBF0-1FBF9");

    static {
        LATER_COMPATIBLE.or(LATER);
    }

    private final Normalizer.Form form, decomposed;
    private final boolean compatible;
    private final BitSet later;

    UnicodeForm(Normalizer.Form form) {
        this.form = form;
        compatible = form == Normalizer.Form.NFKC || form == Normalizer.Form.NFKD;
        decomposed = compatible ? Normalizer.Form.NFKD : Normalizer.Form.NFD;
        later = compatible ? LATER_COMPATIBLE : LATER;
    }

    private static BitSet ranges(String text) {
        BitSet set = new BitSet();
        for (String range : text.split(" ")) {
            String[] ends = range.split("-");
            set.set(Integer.parseInt(ends[0], 16), Integer.parseInt(ends[ends.length - 1], 16) + 1);
        }
        return set;
    }

    @Override
    public Pieces apply(Pieces pieces) {
        for (int i = 0; i < pieces.count(); i++)
            if (pieces.token(i) < 0 && changes(pieces.text, pieces.start(i), pieces.end(i))) return pieces.rewrite(this::normalize);
        return pieces;
    }

    /** Whether there is anything to do; may say so in vain. */
    private boolean changes(int[] text, int start, int end) {
        int plain = form == Normalizer.Form.NFC ? FIRST_MARK : compatible ? 0xA0 : 0xC0;
        int at = start;
        while (at < end && text[at] < plain) at++;
        if (at == end) return false;
        for (int run = 0; at < end; at++) {
            run = begins(text[at]) ? 0 : run + 1;
            if (run > LONG) return true;
        }
        return !Normalizer.isNormalized(new String(text, start, end - start), form);
    }

    /** Whether a segment begins here: nothing in front can move behind it or be composed with it. */
    private boolean begins(int c) {
        if (c < FIRST_MARK) return true;
        if (c >= 0x1160 && c <= 0x11FF) return false; // the later letters of a Hangul syllable
        if (compatible && (c == 0xFF9E || c == 0xFF9F || c >= 0x3131 && c <= 0x318E || c >= 0xFFA0 && c <= 0xFFDC)) return false; // become such, or marks
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> false;
            default -> true;
        };
    }

    private void normalize(Pieces in, int start, int end, Pieces out) {
        int[] text = in.text;
        for (int at = start; at < end; ) {
            int next = at + 1;
            if (!later.get(text[at]))
                while (next < end && !begins(text[next]) && !later.get(text[next])) next++;
            if (later.get(text[at]) || next == at + 1 && text[at] < 0xA0) out.copy(in, at);
            else segment(in, at, next, out);
            at = next;
        }
    }

    private void segment(Pieces in, int start, int end, Pieces out) {
        int inputs = end - start;
        String before = new String(in.text, start, inputs);
        String ordered = inputs > LONG ? ordered(before) : before;
        String after = Normalizer.normalize(ordered, form);
        if (after.equals(before)) {
            for (int at = start; at < end; at++) out.copy(in, at);
            return;
        }
        int[] result = after.codePoints().toArray();
        int[] taken = taken(in.text, start, end, ordered, result);
        int at = start;
        for (int i = 0; i < result.length; i++) {
            // A code point that takes no input of its own stands for the last one taken.
            int stands = Math.min(taken[i] > 0 ? at : Math.max(start, at - 1), end - 1);
            out.put(result[i], in.from(stands), in.to(stands));
            at += taken[i];
        }
    }

    /**
     * How many inputs each result uses up. In the library every decomposed code point carries a change in length (0 for the
     * first of its source, 1 for each more), marks keep theirs when they move, and a composition adds those of its parts less 1.
     */
    private int[] taken(int[] text, int start, int end, String ordered, int[] result) {
        Map<Integer, ArrayDeque<Integer>> changes = new HashMap<>();
        for (int at = start; at < end; at++) {
            int change = 0;
            for (int part : Normalizer.normalize(Character.toString(text[at]), decomposed).codePoints().toArray()) {
                changes.computeIfAbsent(part, _ -> new ArrayDeque<>()).add(change);
                change = 1;
            }
        }
        int[] parts = Normalizer.normalize(ordered, decomposed).codePoints().toArray();
        int[] change = new int[parts.length];
        for (int i = 0; i < parts.length; i++) {
            ArrayDeque<Integer> queue = changes.get(parts[i]);
            change[i] = queue == null || queue.isEmpty() ? 0 : queue.poll();
        }
        int[] taken = new int[result.length];
        int done = 0;
        for (int from = 0, to; from < parts.length; from = to) {
            for (to = from + 1; to < parts.length && !begins(parts[to]); to++) { } // a ligature decomposes into several letters
            done += taken(parts, change, from, to, taken, done);
        }
        return taken;
    }

    /** The same for one letter and its marks, parts [from, to). {@return how many results they have} */
    private int taken(int[] parts, int[] change, int from, int to, int[] taken, int at) {
        int[] result = Normalizer.normalize(new String(parts, from, to - from), form).codePoints().toArray();
        // Results after the first are parts that were not composed, in order: found from the end, where the last of equals stays.
        int part = to - 1, first = change[from];
        for (int i = result.length - 1; i > 0; i--, part--) {
            while (part > from && parts[part] != result[i]) first += change[part--] - 1;
            taken[at + i] = part > from && change[part] > 0 ? 0 : 1;
        }
        for (; part > from; part--) first += change[part] - 1;
        taken[at] = first > 0 ? 0 : 1 - first;
        return result.length;
    }

    /** The segment decomposed, its marks in canonical order already: a stable sort of each run by the marks' classes. */
    private String ordered(String segment) {
        StringBuilder parts = new StringBuilder();
        segment.codePoints().forEach(c -> parts.append(Normalizer.normalize(Character.toString(c), decomposed)));
        Integer[] points = parts.codePoints().boxed().toArray(Integer[]::new);
        Map<Integer, Boolean> moves = new HashMap<>();
        Map<Long, Boolean> swaps = new HashMap<>();
        for (int at = 0; at < points.length; ) {
            int end = at;
            while (end < points.length && moves.computeIfAbsent(points[end], UnicodeForm::moves)) end++;
            Arrays.sort(points, at, end, (a, b) -> after(swaps, a, b) ? 1 : after(swaps, b, a) ? -1 : 0);
            at = Math.max(end, at + 1);
        }
        StringBuilder text = new StringBuilder(parts.length());
        for (int point : points) text.appendCodePoint(point);
        return text.toString();
    }

    private static boolean after(Map<Long, Boolean> swaps, int a, int b) {
        return a != b && swaps.computeIfAbsent((long) a << 32 | b, _ -> swaps(a, b));
    }

    /** Whether a code point has a combining class: it moves behind one of the lowest class or before one of the highest. */
    private static boolean moves(int c) { return swaps(c, 0x334) || swaps(0x345, c); }

    /** Whether canonical order puts b, written second, first: only the order of their classes tells. */
    private static boolean swaps(int a, int b) {
        String pair = Character.toString(a) + Character.toString(b);
        return Normalizer.normalize(pair, Normalizer.Form.NFD).startsWith(Character.toString(b)) && a != b;
    }
}
