package io.graft.merge.world;

import io.graft.engine.model.CausalLm;
import io.graft.formats.examples.Example;
import io.graft.formats.examples.ExampleReader;
import io.graft.formats.json.Json;
import io.graft.formats.tokenizer.Tokenizer;
import io.graft.merge.search.ExactMatch;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** All six sets of problems, asked of one model after the other. */
public final class WorldExam {

    /** Where the sign stands in an answer: {@code 8 - 3 = 5 .} */
    private static final int SIGN = 1;

    private final Map<ProblemSet, ExactMatch> sets = new EnumMap<>(ProblemSet.class);

    /**
     * How a model did on a set.
     *
     * @param total     problems
     * @param exact     answers that are right to the last sign
     * @param operation answers that add and subtract where they should
     * @param answers   of every problem, in its order, whether its answer is exact
     */
    public record Score(int total, int exact, int operation, List<Boolean> answers) {

        /** {@return the share of exact answers} */
        public double accuracy() { return (double) exact / total; }
    }

    /**
     * An exam.
     *
     * @param world    whose problems
     * @param problems how many of each set
     */
    public WorldExam(BilingualWorld world, int problems) {
        ExampleReader reader = new ExampleReader(tokenizer(world), null, 128);
        for (ProblemSet set : ProblemSet.values()) {
            List<Example> examples = new ArrayList<>();
            for (Problem each : world.problems(set, problems)) examples.add(reader.parse(set.key(), new Line(each.prompt(), " " + each.gold()).json()));
            sets.put(set, new ExactMatch(examples));
        }
    }

    /**
     * The tokenizer of a world's models.
     *
     * @param world the world
     * @return its tokenizer
     */
    public static Tokenizer tokenizer(BilingualWorld world) {
        return Tokenizer.fromJson("tokenizer.json", Json.parse("tokenizer.json", world.sideFiles().get("tokenizer.json")).getAsJsonObject());
    }

    /**
     * Asks a model all of it.
     *
     * @param model the model
     * @return its scores, in the order of the sets
     */
    public Map<ProblemSet, Score> ask(CausalLm model) {
        Map<ProblemSet, Score> scores = new EnumMap<>(ProblemSet.class);
        sets.forEach((set, test) -> {
            boolean[][] right = test.ask(model);
            int operation = 0;
            List<Boolean> answers = new ArrayList<>();
            for (boolean[] each : right) {
                operation += each[SIGN] ? 1 : 0;
                answers.add(ExactMatch.all(each));
            }
            scores.put(set, new Score(test.size(), ExactMatch.exact(right), operation, List.copyOf(answers)));
        });
        return scores;
    }
}
