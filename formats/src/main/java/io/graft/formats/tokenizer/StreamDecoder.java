package io.graft.formats.tokenizer;

import io.graft.engine.generate.TextStream;
import java.util.Arrays;

/**
 * Turns ids into text one at a time and never gives half a character: what ends within one waits for its next id.
 *
 * <p>It decodes a window: the ids of the last piece that it gave, as context (a decoder may treat the first token of a text
 * in its own way), and the ids since. The new text is what goes beyond the context's. For one thread.
 */
public final class StreamDecoder implements TextStream {

    /** So many ids without a whole character are no character on its way: they are given as they are. */
    private static final int LONGEST_WAIT = 64;

    private final Tokenizer tokenizer;
    private final boolean skipSpecial;
    private int[] ids = new int[16];
    private int count;
    /** The first {@code context} ids have the text {@code prefix}, which has been given. */
    private int context;
    private String prefix = "";

    StreamDecoder(Tokenizer tokenizer, boolean skipSpecial) {
        this.tokenizer = tokenizer;
        this.skipSpecial = skipSpecial;
    }

    /**
     * Takes one more id.
     *
     * @param id the id
     * @return the text that is certain now and was not before; empty for nothing yet
     */
    @Override
    public String push(int id) {
        if (count == ids.length) ids = Arrays.copyOf(ids, count * 2);
        ids[count++] = id;
        String text = tokenizer.decode(ids, 0, count, skipSpecial);
        if (text.length() <= prefix.length() || text.endsWith("\uFFFD") && count - context < LONGEST_WAIT) return "";
        return give(text);
    }

    /**
     * Gives what is left, half characters as U+FFFD, and is ready for another text.
     *
     * @return the rest of the text; empty where there is none
     */
    @Override
    public String finish() {
        String text = tokenizer.decode(ids, 0, count, skipSpecial);
        String rest = count == context || text.length() <= prefix.length() ? "" : give(text);
        count = context = 0;
        prefix = "";
        return rest;
    }

    private String give(String text) {
        // Bytes that turned out invalid may have changed the context's text, which has been given: then only the new ids count.
        String piece = text.startsWith(prefix) ? text.substring(prefix.length()) : tokenizer.decode(ids, context, count, skipSpecial);
        int fresh = count - context;
        System.arraycopy(ids, context, ids, 0, fresh);
        count = context = fresh;
        prefix = tokenizer.decode(ids, 0, count, skipSpecial);
        return piece;
    }
}
