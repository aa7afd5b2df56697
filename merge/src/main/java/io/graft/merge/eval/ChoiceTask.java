package io.graft.merge.eval;

import java.util.List;

/**
 * Questions of which the model chooses the likeliest answer. {@code acc} takes the answer with the largest log-likelihood,
 * {@code acc_norm} the one with the largest log-likelihood a character; of equal ones the first.
 *
 * @param name      of the task
 * @param questions in the order of the data
 */
public record ChoiceTask(String name, List<Question> questions) implements EvalTask {

    /**
     * A question.
     *
     * @param index   its place in the data, from 0
     * @param group   the part of the data that it belongs to, which gets a result of its own; null for none
     * @param prompt  what stands before an answer
     * @param choices the answers, two or more, without the blank before them
     * @param gold    which of them is right, from 0
     */
    public record Question(int index, String group, String prompt, List<String> choices, int gold) {

        /** Copies the choices. */
        public Question {
            choices = List.copyOf(choices);
            if (choices.size() < 2 || gold < 0 || gold >= choices.size()) throw new IllegalArgumentException("answer " + gold + " of " + choices.size() + " choices");
        }
    }

    /** Copies the list. */
    public ChoiceTask { questions = List.copyOf(questions); }

    @Override
    public int size() { return questions.size(); }

    @Override
    public ChoiceTask part(int limit, double fraction) { return new ChoiceTask(name, Parts.of(questions, Question::group, limit, fraction)); }
}
