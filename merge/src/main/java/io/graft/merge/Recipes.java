package io.graft.merge;

import io.graft.formats.json.Json;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.recipe.RecipeReader;
import java.nio.file.Path;

/**
 * Where recipes come from: a file, a text, or Java.
 *
 * <p>What is built in Java is written as YAML first and read like a file, so both have the same methods, options, checks and
 * errors, and the recipe that is kept beside an output is the one that made it.
 *
 * <pre>{@code
 * Recipe swap = Recipes.layerSwap("experts/swahili", "experts/math").base("llama").bottom(6).top(2).build();
 * Recipe soup = Recipes.method("linear").model("a", 0.5).model("b", 0.5).dtype(DType.BF16).build();
 * try (MergePlan plan = Planner.plan(swap, ModelSources::open)) { ... }
 * }</pre>
 */
public final class Recipes {

    private Recipes() {}

    /**
     * Reads a file.
     *
     * @param file the recipe, YAML
     * @return the recipe
     * @throws io.graft.engine.RequestException if it is missing or anything is wrong with it
     */
    public static Recipe read(Path file) { return RecipeReader.read(file.toString(), Json.readText(file)); }

    /**
     * Reads a text.
     *
     * @param name what errors call it
     * @param yaml the recipe
     * @return the recipe
     * @throws io.graft.engine.RequestException if anything is wrong with it
     */
    public static Recipe of(String name, String yaml) { return RecipeReader.read(name, yaml); }

    /**
     * Starts a layer swap.
     *
     * @param language the expert of the outermost layers
     * @param task     the expert of the middle layers
     * @return a builder; it needs {@code bottom} and {@code top} still
     */
    public static LayerSwapBuilder layerSwap(String language, String task) { return new LayerSwapBuilder(language, task); }

    /**
     * Starts a reset.
     *
     * @param expert whose layers go back
     * @param base   to what
     * @return a builder; it needs to be told what is reset
     */
    public static ResetBuilder reset(String expert, String base) { return new ResetBuilder(expert, base); }

    /**
     * Starts a recipe of mergekit's methods.
     *
     * @param name such as {@code linear}
     * @return a builder; it needs models still
     */
    public static MethodBuilder method(String name) { return new MethodBuilder(name); }
}
