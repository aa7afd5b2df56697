package io.graft.formats.chat;

import io.graft.formats.tokenizer.Encoding;
import java.util.List;

/**
 * A conversation as text, and which of it the assistant said.
 *
 * @param text      the text
 * @param assistant the ranges between {@code {% generation %}} and its end, in order
 */
public record Rendered(String text, List<Range> assistant) {

    /**
     * A part of the text.
     *
     * @param start its first code point
     * @param end   one more than its last
     */
    public record Range(int start, int end) {}

    /**
     * Which tokens the assistant said: those that share a code point with one of its ranges.
     *
     * @param encoding the text's ids, with offsets in this text
     * @return 1 for the assistant's tokens, 0 for the others
     */
    public int[] mask(Encoding encoding) {
        int[] mask = new int[encoding.length()];
        for (int i = 0; i < mask.length; i++)
            for (Range range : assistant)
                if (encoding.starts()[i] < range.end && encoding.ends()[i] > range.start) mask[i] = 1;
        return mask;
    }
}
