package io.graft.engine.generate;

/** Hears of every new token, on the thread that generates. */
@FunctionalInterface
public interface TokenListener {

    /** Hears nothing. */
    TokenListener NONE = (_, _, _) -> true;

    /**
     * A token was chosen.
     *
     * @param text  which of the requests, from 0
     * @param id    the token; −1 when text follows after the last one
     * @param piece the text that can be shown now, perhaps empty; null without a {@link TextStream}
     * @return whether to go on; false cancels all texts
     */
    boolean token(int text, int id, String piece);
}
