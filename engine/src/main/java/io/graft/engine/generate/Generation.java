package io.graft.engine.generate;

/**
 * A text that was continued.
 *
 * @param ids    the new tokens, a stop token included
 * @param text   their text, up to a stop string or token; null without a {@link TextStream}
 * @param reason why it ends
 */
public record Generation(int[] ids, String text, FinishReason reason) {

    /** Why a text ends. */
    public enum FinishReason {
        /** By a stop token or a stop string. */
        STOP,
        /** It has as many tokens as were asked for. */
        LENGTH,
        /** Somebody cancelled. */
        CANCELLED
    }
}
