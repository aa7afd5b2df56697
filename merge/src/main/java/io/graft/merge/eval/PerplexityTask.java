package io.graft.merge.eval;

/**
 * A text to be predicted.
 *
 * @param name   of the task
 * @param text   the text
 * @param window tokens that a prediction sees at most, its own included; 0 for 2,048, or as many as the model announces
 */
public record PerplexityTask(String name, String text, int window) implements EvalTask {

    @Override
    public int size() { return 1; }

    /** The whole: a text has no questions to leave out. */
    @Override
    public PerplexityTask part(int limit, double fraction) { return this; }
}
