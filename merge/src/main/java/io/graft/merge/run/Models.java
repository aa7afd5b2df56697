package io.graft.merge.run;

import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelSources;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.Planner;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.recipe.RecipeReader;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalLong;

/** Opens whatever a model argument names, a recipe too. */
public final class Models {

    private Models() {}

    /**
     * Opens a model.
     *
     * @param argument what {@link ModelSources#open} takes, or a recipe's file ({@code .yml}, {@code .yaml}): the merge that it describes, unwritten
     * @return the model; close it
     * @throws RequestException if there is no such model, or the recipe is wrong
     */
    public static ModelSource open(String argument) {
        String name = argument.toLowerCase(Locale.ROOT);
        if (!name.endsWith(".yml") && !name.endsWith(".yaml")) return ModelSources.open(argument);
        MergePlan plan = plan(Path.of(argument));
        try {
            if (plan.adapter()) throw new RequestException(argument, "a recipe whose output is an adapter is no model", "output: model", "output: adapter");
            return new VirtualMerge(argument, plan);
        } catch (RuntimeException | Error error) {
            plan.close();
            throw error;
        }
    }

    /**
     * Plans a recipe of a file.
     *
     * @param recipe the file
     * @return the plan; close it
     * @throws RequestException if the file is missing, or anything is wrong with what it says
     */
    public static MergePlan plan(Path recipe) { return plan(recipe, OptionalLong.empty()); }

    /**
     * Plans a recipe of a file.
     *
     * @param recipe the file
     * @param seed   of methods that draw numbers, in the place of the recipe's {@code random_seed}
     * @return the plan; close it
     * @throws RequestException if the file is missing, or anything is wrong with what it says
     */
    public static MergePlan plan(Path recipe, OptionalLong seed) {
        Recipe read = RecipeReader.read(recipe.toString(), Json.readText(recipe));
        return Planner.plan(seed.isPresent() ? read.withSeed(seed.getAsLong()) : read, ModelSources::open);
    }
}
