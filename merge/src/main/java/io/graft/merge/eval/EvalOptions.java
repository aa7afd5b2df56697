package io.graft.merge.eval;

/**
 * How a task is run. None of these but {@code chat} and {@code maxNewTokens} changes an answer.
 *
 * @param chat         whether prompts are the user's message in the model's chat template
 * @param maxNewTokens how long an answer may be; 0 for what the task says, at most half of what the model reads
 * @param together     how many texts go together at most
 */
public record EvalOptions(boolean chat, int maxNewTokens, int together) {

    /** Plain prompts, as long as the task says, 64 together. */
    public static final EvalOptions DEFAULT = new EvalOptions(false, 0, 64);
}
