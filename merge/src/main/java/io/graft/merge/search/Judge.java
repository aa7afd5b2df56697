package io.graft.merge.search;

import io.graft.engine.model.CausalLm;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.model.ModelSources;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.Planner;
import io.graft.merge.recipe.RecipeReader;
import io.graft.merge.run.VirtualMerge;
import io.graft.engine.kernel.Kernels;
import io.graft.formats.examples.Example;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** Sets of questions that a merge is judged by: its score is the mean of its accuracies. */
public final class Judge {

    private final SequencedMap<String, ExactMatch> sets = new LinkedHashMap<>();

    /**
     * A judge.
     *
     * @param sets name to prompts and answers, one or more
     */
    public Judge(SequencedMap<String, List<Example>> sets) {
        if (sets.isEmpty()) throw new IllegalArgumentException("no questions to judge by");
        sets.forEach((name, examples) -> this.sets.put(name, new ExactMatch(examples)));
    }

    /** {@return the sets by name, in order} */
    SequencedMap<String, ExactMatch> sets() { return Collections.unmodifiableSequencedMap(sets); }

    /**
     * What a model gets.
     *
     * @param accuracies by set, 0 to 1
     */
    public record Verdict(SequencedMap<String, Double> accuracies) {

        /** {@return the mean over the sets} */
        public double score() { return accuracies.values().stream().mapToDouble(each -> each).average().orElseThrow(); }
    }

    /**
     * Judges a model.
     *
     * @param model the model
     * @return its accuracies
     */
    public Verdict of(CausalLm model) {
        SequencedMap<String, Double> accuracies = new LinkedHashMap<>();
        sets.forEach((name, test) -> accuracies.put(name, (double) ExactMatch.exact(test.ask(model)) / test.size()));
        return new Verdict(accuracies);
    }

    /**
     * Judges a merge that is not written.
     *
     * @param recipe  YAML
     * @param kernels compute
     * @return its accuracies
     */
    public Verdict of(String recipe, Kernels kernels) {
        try (CausalLm model = model(recipe, kernels)) {
            return of(model);
        }
    }

    /** A merge that is not written, as a model. */
    static CausalLm model(String recipe, Kernels kernels) {
        MergePlan plan = Planner.plan(RecipeReader.read("candidate", recipe), ModelSources::open);
        VirtualMerge merge = new VirtualMerge("candidate", plan);
        try {
            return new CausalLm(Architectures.of("candidate", merge.config()), merge.weights(), kernels);
        } catch (RuntimeException | Error error) {
            merge.close();
            throw error;
        }
    }
}
