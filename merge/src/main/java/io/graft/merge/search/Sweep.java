package io.graft.merge.search;

import io.graft.engine.RequestException;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.model.CausalLm;
import io.graft.merge.Recipes;
import io.graft.merge.recipe.LayerSwap.Origin;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/** Every layer swap of three models within ranges, judged without writing one. */
public final class Sweep {

    /** The models that candidates take layers from, in this order: those of {@link Origin}. */
    private static final Origin[] MODELS = Origin.values();

    private Sweep() {}

    /**
     * A layer swap; the final norm is the math expert's, as in the recipe's default.
     *
     * @param bottom     language layers at the input side
     * @param top        language layers at the output side
     * @param transition layers beside each zone that are half of each expert
     * @param embeddings where the embeddings come from
     * @param head       where the head comes from
     */
    public record Candidate(int bottom, int top, int transition, Origin embeddings, Origin head) {

        /**
         * The swap as a recipe.
         *
         * @param experts the models
         * @param tied    whether the head is the embeddings, and so cannot be chosen
         * @return YAML
         */
        public String recipe(Experts experts, boolean tied) {
            var recipe = Recipes.layerSwap(experts.language(), experts.math()).base(experts.base()).bottom(bottom).top(top).transitions(transition, transition).embeddings(embeddings);
            if (!tied) recipe.lmHead(head);
            return recipe.yaml();
        }

        /** What a layer comes from. */
        private Origin layer(int layer, int layers) {
            if (layer < bottom || layer >= layers - top) return Origin.LANGUAGE;
            return layer < bottom + transition || layer >= layers - top - transition ? Origin.AVERAGE : Origin.TASK;
        }

        private SharedLayers.Path path(int layers) {
            int[] sources = new int[layers];
            for (int layer = 0; layer < layers; layer++) sources[layer] = layer(layer, layers).ordinal();
            return new SharedLayers.Path(embeddings.ordinal(), sources, Origin.TASK.ordinal(), head.ordinal());
        }
    }

    /**
     * A candidate that was judged.
     *
     * @param candidate the swap
     * @param verdict   what it got
     */
    public record Result(Candidate candidate, Judge.Verdict verdict) {}

    /**
     * What is swept.
     *
     * @param bottoms     layers at the input side
     * @param tops        at the output side
     * @param transitions beside each
     * @param embeddings  where the embeddings come from
     * @param heads       where the head comes from
     */
    public record Ranges(List<Integer> bottoms, List<Integer> tops, List<Integer> transitions, List<Origin> embeddings, List<Origin> heads) {

        /**
         * All candidates: zones that do not overlap, and of those that come to the same layers the first.
         *
         * @param layers how many the models have
         * @param tied   whether the head is the embeddings
         * @return the candidates
         */
        public List<Candidate> candidates(int layers, boolean tied) {
            Map<List<Object>, Candidate> different = new LinkedHashMap<>();
            for (int bottom : bottoms)
                for (int top : tops)
                    for (int transition : transitions) {
                        if (bottom + top > layers) continue;
                        for (Origin embedding : embeddings)
                            for (Origin head : tied ? List.of(embedding) : heads) {
                                Candidate each = new Candidate(bottom, top, transition, embedding, head);
                                SharedLayers.Path path = each.path(layers);
                                different.putIfAbsent(List.of(Arrays.stream(path.layers()).boxed().toList(), embedding, head), each);
                            }
                    }
            return List.copyOf(different.values());
        }
    }

    /**
     * Judges candidates; those that share layers from the embeddings up have them computed once.
     *
     * @param models     the three models
     * @param candidates what to judge
     * @param judge      the questions
     * @param kernels    compute
     * @param progress   hears how many more candidates have seen one more batch of questions
     * @return the candidates with what they got, in their order
     */
    public static List<Result> run(SearchModels models, List<Candidate> candidates, Judge judge, Kernels kernels, IntConsumer progress) {
        if (candidates.isEmpty()) throw new RequestException("sweep", "no candidate: the zones of every combination overlap", "bottom + top of at most " + models.architecture().layers(), null, null);
        int layers = models.architecture().layers();
        boolean tied = models.architecture().head().tied();
        List<CausalLm> sources = new ArrayList<>();
        try {
            for (Origin each : MODELS) sources.add(source(each, models.experts(), layers, tied, kernels));
            try (SharedLayers shared = new SharedLayers(sources, kernels)) {
                List<Judge.Verdict> verdicts = shared.judge(candidates.stream().map(each -> each.path(layers)).toList(), judge, progress);
                List<Result> results = new ArrayList<>();
                for (int i = 0; i < verdicts.size(); i++) results.add(new Result(candidates.get(i), verdicts.get(i)));
                return results;
            }
        } finally {
            for (CausalLm each : sources) each.close();
        }
    }

    /** A model of which every part is of one origin. */
    private static CausalLm source(Origin origin, Experts experts, int layers, boolean tied, Kernels kernels) {
        var recipe = origin == Origin.BASE ? Recipes.method("linear").model(experts.base(), 1).yaml() : null;
        if (recipe != null) return Judge.model(recipe, kernels);
        var swap = Recipes.layerSwap(experts.language(), experts.math()).base(experts.base()).bottom(origin == Origin.LANGUAGE ? layers : 0).top(0)
                .transitions(origin == Origin.AVERAGE ? layers : 0, 0).embeddings(origin).finalNorm(origin);
        return Judge.model((tied ? swap : swap.lmHead(origin)).yaml(), kernels);
    }
}
