package io.graft.merge;

import io.graft.engine.memory.DType;
import io.graft.merge.recipe.LayerSwap.Module;
import io.graft.merge.recipe.LayerSwap.Origin;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.recipe.RecipeReader;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Builds a {@code layer_swap}. What is not set has the default of the recipe's key, see {@link io.graft.merge.recipe.LayerSwap}. */
public final class LayerSwapBuilder {

    private final Map<String, String> keys = new LinkedHashMap<>();

    LayerSwapBuilder(String language, String task) {
        keys.put("language", RecipeText.quote(language));
        keys.put("task", RecipeText.quote(task));
    }

    private LayerSwapBuilder put(String key, Object value) {
        keys.put(key, value.toString());
        return this;
    }

    /**
     * Sets the base model: needed for what comes from it, and checked against the experts.
     *
     * @param model a model argument
     * @return this
     */
    public LayerSwapBuilder base(String model) { return put("base_model", RecipeText.quote(model)); }

    /**
     * Sets the language layers at the input side.
     *
     * @param layers 0 or more
     * @return this
     */
    public LayerSwapBuilder bottom(int layers) { return put("bottom", layers); }

    /**
     * Sets the language layers at the output side.
     *
     * @param layers 0 or more
     * @return this
     */
    public LayerSwapBuilder top(int layers) { return put("top", layers); }

    /**
     * Sets the layers that blend both experts.
     *
     * @param bottom above the bottom zone
     * @param top    below the top zone
     * @return this
     */
    public LayerSwapBuilder transitions(int bottom, int top) { return put("transition_bottom", bottom).put("transition_top", top); }

    /**
     * Blends on a linear ramp, not half and half.
     *
     * @return this
     */
    public LayerSwapBuilder ramp() { return put("ramp", true); }

    /**
     * Sets where the embeddings come from.
     *
     * @param origin the expert, the base, or a mix
     * @return this
     */
    public LayerSwapBuilder embeddings(Origin origin) { return put("embeddings", origin.word()); }

    /**
     * Sets where the final norm comes from.
     *
     * @param origin the expert, the base, or a mix
     * @return this
     */
    public LayerSwapBuilder finalNorm(Origin origin) { return put("final_norm", origin.word()); }

    /**
     * Sets where the head comes from; a tied head follows the embeddings.
     *
     * @param origin the expert, the base, or a mix
     * @return this
     */
    public LayerSwapBuilder lmHead(Origin origin) { return put("lm_head", origin.word()); }

    /**
     * Sets which modules of a layer follow the swap; the others come from the task expert.
     *
     * @param modules one or more
     * @return this
     */
    public LayerSwapBuilder modules(Module... modules) { return put("modules", Arrays.stream(modules).map(Module::word).collect(Collectors.joining(", ", "[", "]"))); }

    /**
     * Writes the swapped adapter of two adapters of one base, not a model.
     *
     * @return this
     */
    public LayerSwapBuilder asAdapter() { return put("output", "adapter"); }

    /**
     * Sets the output's dtype.
     *
     * @param dtype F32, BF16 or F16
     * @return this
     */
    public LayerSwapBuilder dtype(DType dtype) { return put("dtype", RecipeText.quote(dtype.torchName() == null ? dtype.name() : dtype.torchName())); }

    /** {@return the recipe as YAML} */
    public String yaml() {
        RecipeText text = new RecipeText().put(0, "merge_method", "layer_swap");
        keys.forEach((key, value) -> text.put(0, key, value));
        return text.toString();
    }

    /**
     * Reads what was built.
     *
     * @return the recipe
     * @throws io.graft.engine.RequestException if something is missing or wrong
     */
    public Recipe build() { return RecipeReader.read("layer_swap made in Java", yaml()); }
}
