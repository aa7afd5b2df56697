package io.graft.merge.eval;

/** Something to ask a model, with the rules by which answers are judged. Immutable. */
public sealed interface EvalTask permits GenerateTask, ChoiceTask, PerplexityTask {

    /** {@return its name, as in results and file names} */
    String name();

    /** {@return how many questions it has} */
    int size();

    /**
     * A part of it.
     *
     * @param limit    the first so many questions, of each group; 0 for all
     * @param fraction of those this share, evenly spread; over 0, at most 1
     * @return the task with fewer questions
     */
    EvalTask part(int limit, double fraction);
}
