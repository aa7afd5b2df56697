package io.graft.formats.tokenizer;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/** What is done to the ids of a text, or of a pair, at the end. */
final class PostProcessors {

    /** Ids with offsets and one type id: of a text, or of a piece of a template. Spellings as in {@link Ids}. */
    record Part(int[] ids, int[] starts, int[] ends, Map<Integer, String> spellings, int type) {

        static Part of(Ids ids, int type) {
            int n = ids.count;
            return new Part(Arrays.copyOf(ids.ids, n), Arrays.copyOf(ids.starts, n), Arrays.copyOf(ids.ends, n), ids.spellings, type);
        }

        static Part added(int[] ids, int type) { return new Part(ids, new int[ids.length], new int[ids.length], Map.of(), type); }

        Part typed(int other) { return new Part(ids, starts, ends, spellings, other); }
    }

    /** From the parts of one text or two to those that follow each other in the result. */
    interface Step {
        List<Part> apply(List<Part> parts, boolean addSpecial);
    }

    /** A piece of a template: ids that are added, or a text (0 for A, 1 for B; -1 for none). */
    record Slot(int text, int[] ids, int type) {}

    private PostProcessors() {}

    static Step sequence(List<Step> steps) {
        return (parts, special) -> {
            for (Step step : steps) parts = step.apply(parts, special);
            return parts;
        };
    }

    static Step template(List<Slot> single, List<Slot> pair) {
        return (parts, special) -> (parts.size() > 1 ? pair : single).stream()
                .filter(slot -> slot.text >= 0 || special)
                .map(slot -> slot.text < 0 ? Part.added(slot.ids, slot.type) : parts.get(slot.text).typed(slot.type))
                .toList();
    }

    /** Takes the white space at both ends of every token out of its offsets. */
    static Step trimOffsets(IntFunction<String> tokenOf, boolean prefixSpace) {
        return (parts, _) -> {
            for (Part part : parts)
                for (int i = 0; i < part.ids.length; i++) trim(part, i, part.spellings.getOrDefault(i, tokenOf.apply(part.ids[i])), prefixSpace);
            return parts;
        };
    }

    private static void trim(Part part, int i, String token, boolean prefixSpace) {
        int[] points = token.codePoints().toArray();
        int leading = 0, trailing = 0;
        while (leading < points.length && isBlank(points[leading])) leading++;
        while (trailing < points.length && isBlank(points[points.length - 1 - trailing])) trailing++;
        // The first space may be the one that was put before the text.
        if (prefixSpace && (i == 0 || part.starts[i] == 0)) leading = 0;
        if (leading > 0) part.starts[i] = Math.min(part.starts[i] + leading, part.ends[i]);
        if (trailing > 0 && part.ends[i] >= trailing) part.ends[i] = Math.max(part.ends[i] - trailing, part.starts[i]);
    }

    private static boolean isBlank(int c) { return c == ByteAlphabet.letter(' ') || Letters.isSpace(c); }
}
