package io.graft.formats.examples;

/**
 * A text to learn from.
 *
 * @param ids    its tokens
 * @param labels unshifted: the token's own id where the position before it is to predict it, {@link #IGNORED} elsewhere
 * @param cut    how many tokens were cut off its end, because it was too long
 */
public record Example(int[] ids, int[] labels, int cut) {

    /** The label of a token that is not learned. */
    public static final int IGNORED = -100;

    /** {@return how many tokens are learned; the first of a text never is, since nothing comes before it} */
    public int counted() {
        int counted = 0;
        for (int i = 1; i < labels.length; i++)
            if (labels[i] >= 0) counted++;
        return counted;
    }
}
