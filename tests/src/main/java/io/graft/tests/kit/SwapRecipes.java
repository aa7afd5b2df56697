package io.graft.tests.kit;

import io.graft.merge.LayerSwapBuilder;
import io.graft.merge.Recipes;
import io.graft.merge.recipe.LayerSwap.Module;
import io.graft.merge.recipe.LayerSwap.Origin;
import io.graft.merge.recipe.Recipe;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Arbitraries of recipes, for models of a given depth. */
public final class SwapRecipes {

    private SwapRecipes() {}

    /**
     * Any layer swap that a model of this depth allows.
     *
     * @param language the language expert's argument
     * @param task     the task expert's argument
     * @param base     the base model's argument
     * @param layers   how many layers the models have
     * @return recipes of all zones, transitions, ramps, modules and origins
     */
    public static Arbitrary<Recipe> layerSwaps(String language, String task, String base, int layers) {
        Arbitrary<int[]> zones = Arbitraries.integers().between(0, layers).flatMap(bottom -> Arbitraries.integers().between(0, layers - bottom)
                .flatMap(top -> Arbitraries.integers().between(0, layers).flatMap(below -> Arbitraries.integers().between(0, layers).map(above -> new int[] {bottom, top, below, above}))));
        Arbitrary<Set<Module>> modules = Arbitraries.of(Module.class).set().ofMinSize(1);
        Arbitrary<Origin> origins = Arbitraries.of(Origin.class);
        return Combinators.combine(zones, Arbitraries.of(true, false), modules, origins, origins, origins).as((zone, ramp, chosen, embeddings, norm, head) -> {
            LayerSwapBuilder builder = Recipes.layerSwap(language, task).base(base).bottom(zone[0]).top(zone[1]).transitions(zone[2], zone[3]).embeddings(embeddings).finalNorm(norm).lmHead(head)
                    .modules(chosen.toArray(Module[]::new));
            return (ramp ? builder.ramp() : builder).build();
        });
    }

    /**
     * A weighted mean of two models.
     *
     * @param first  a model's argument
     * @param second another's
     * @return recipes of linear whose weights do not sum to zero
     */
    public static Arbitrary<Recipe> linears(String first, String second) {
        Arbitrary<Double> weights = Arbitraries.doubles().between(-2, 2).ofScale(3);
        return Combinators.combine(weights, weights).as((a, b) -> new double[] {a, b}).filter(pair -> Math.abs(pair[0] + pair[1]) > 0.01)
                .map(pair -> Recipes.method("linear").model(first, pair[0]).model(second, pair[1]).build());
    }
}
