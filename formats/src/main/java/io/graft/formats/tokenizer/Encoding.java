package io.graft.formats.tokenizer;

import java.util.List;

/**
 * A text as ids.
 *
 * @param ids     the ids
 * @param tokens  the vocabulary's spelling of each id; an added token that takes white space off its sides has that in it, too
 * @param starts  where each token begins in its text, in code points; 0 for what a template added
 * @param ends    where it ends
 * @param typeIds 0 for the first text, 1 for the second, as the template says for what it adds
 */
public record Encoding(int[] ids, List<String> tokens, int[] starts, int[] ends, int[] typeIds) {

    /** {@return how many tokens there are} */
    public int length() { return ids.length; }
}
