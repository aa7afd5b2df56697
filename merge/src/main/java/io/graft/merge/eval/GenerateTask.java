package io.graft.merge.eval;

import java.util.List;

/**
 * Prompts to be continued greedily.
 *
 * @param name         of the task
 * @param questions    in the order of the data
 * @param until        strings that end an answer; those of white space alone do not count where a chat template is used, since a
 *                     turn has its own end
 * @param maxNewTokens how long an answer may be
 * @param filters      how answers are judged, one or more
 * @param primary      the filter whose verdicts are the task's accuracy
 */
public record GenerateTask(String name, List<Question> questions, List<String> until, int maxNewTokens, List<Filter> filters, String primary) implements EvalTask {

    /**
     * A question.
     *
     * @param index  its place in the data, from 0
     * @param group  the part of the data that it belongs to, which gets a result of its own; null for none
     * @param prompt the text to continue, examples included
     * @param gold   the right answer
     */
    public record Question(int index, String group, String prompt, String gold) {}

    /** Copies the lists, checks that the primary filter is there. */
    public GenerateTask {
        questions = List.copyOf(questions);
        until = List.copyOf(until);
        filters = List.copyOf(filters);
        if (filters.stream().noneMatch(filter -> filter.name().equals(primary))) throw new IllegalArgumentException(name + " has no filter " + primary);
    }

    @Override
    public int size() { return questions.size(); }

    @Override
    public GenerateTask part(int limit, double fraction) {
        return new GenerateTask(name, Parts.of(questions, Question::group, limit, fraction), until, maxNewTokens, filters, primary);
    }
}
