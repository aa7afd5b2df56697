package io.graft.merge.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.merge.recipe.LayerSwap;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.recipe.RecipeReader;
import io.graft.tests.kit.SwapRecipes;
import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class RecipePlanProperties {

    private static final int LAYERS = 6;

    @Provide
    Arbitrary<Recipe> swaps() { return SwapRecipes.layerSwaps("l", "t", "b", LAYERS); }

    @Provide
    Arbitrary<Recipe> linears() { return SwapRecipes.linears("l", "t"); }

    private static MergePlan plan(Recipe recipe) { return Planner.plan(recipe, name -> HeaderModel.llama(name, LAYERS, false, DType.F32)); }

    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void aSwapPlansEveryTensorOnceAndSharesAreShares(@ForAll("swaps") Recipe recipe) {
        try (MergePlan plan = plan(recipe)) {
            Set<String> names = new HashSet<>();
            for (TensorPlan tensor : plan.tensors()) {
                assertTrue(names.add(tensor.name()));
                if (tensor.operation() instanceof Operation.Blend blend) assertTrue(blend.share() > 0 && blend.share() < 1);
            }
            assertEquals(plan.inputs().getFirst().tensors().keySet(), names);
        }
    }

    /** The shares are non-increasing from each end inwards: no inner layer is more the language expert's than its neighbour outside. */
    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void sharesFallFromBothEnds(@ForAll("swaps") Recipe recipe) {
        LayerSwap swap = recipe.swap().orElseThrow();
        boolean falling = true;
        double before = Double.POSITIVE_INFINITY;
        for (int i = 0; i < LAYERS; i++) {
            double share = swap.share(i, LAYERS);
            assertTrue(share >= 0 && share <= 1);
            if (i < swap.bottom()) assertEquals(1, share);
            if (i >= LAYERS - swap.top()) assertEquals(1, share);
            if (i < swap.bottom() + swap.transitionBottom() && i < LAYERS - swap.top()) falling &= share <= before;
            before = share;
        }
        assertTrue(falling);
    }

    @Property(tries = 100)
    void whatABuilderMakesReadsAgainAsTheSame(@ForAll("linears") Recipe recipe) {
        try (MergePlan once = plan(recipe); MergePlan again = plan(RecipeReader.read("again", recipe.text()))) {
            for (int i = 0; i < once.tensors().size(); i++) {
                assertEquals(((Operation.Linear) once.tensors().get(i).operation()).terms().stream().map(Operation.Term::weight).toList(),
                        ((Operation.Linear) again.tensors().get(i).operation()).terms().stream().map(Operation.Term::weight).toList());
            }
        }
    }

    @Property(tries = 500)
    void noTextMakesTheReaderThrowAnythingButItsError(@ForAll String text) {
        try {
            RecipeReader.read("r.yml", "merge_method: linear\nmodels: " + text);
        } catch (RequestException refused) {
            assertTrue(refused.getMessage().startsWith("r.yml"), refused.getMessage());
        }
    }
}
