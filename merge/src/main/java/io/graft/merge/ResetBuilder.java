package io.graft.merge;

import io.graft.merge.recipe.LayerSwap.Module;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.recipe.RecipeReader;
import io.graft.merge.recipe.Reset.NonLayer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Builds a {@code reset}. What is not set has the default of the recipe's key, see {@link io.graft.merge.recipe.Reset}. */
public final class ResetBuilder {

    private final Map<String, String> keys = new LinkedHashMap<>();

    ResetBuilder(String expert, String base) {
        keys.put("base_model", RecipeText.quote(base));
        keys.put("expert", RecipeText.quote(expert));
    }

    private ResetBuilder put(String key, Object value) {
        keys.put(key, value.toString());
        return this;
    }

    /**
     * Sets the layers that go back.
     *
     * @param ranges such as {@code 0-5,26-27}; an empty text is none
     * @return this
     */
    public ResetBuilder layers(String ranges) { return put("layers", ranges.isBlank() ? "[]" : RecipeText.quote(ranges)); }

    /**
     * Sets which modules of these layers do.
     *
     * @param modules one or more
     * @return this
     */
    public ResetBuilder modules(Module... modules) { return put("modules", Arrays.stream(modules).map(Module::word).collect(Collectors.joining(", ", "[", "]"))); }

    /**
     * Sets what goes back of that which is in no layer.
     *
     * @param parts any number
     * @return this
     */
    public ResetBuilder nonLayer(NonLayer... parts) { return put("non_layer", Arrays.stream(parts).map(NonLayer::word).collect(Collectors.joining(", ", "[", "]"))); }

    /**
     * Keeps the largest changes of what is reset.
     *
     * @param fraction 0 to 1: trunc(fraction · N) of N changes stay
     * @param pooled   whether N counts all tensors together, not each alone
     * @return this
     */
    public ResetBuilder keep(double fraction, boolean pooled) { return put("keep_fraction", fraction).put("scope", pooled ? "all" : "tensor"); }

    /** {@return the recipe as YAML} */
    public String yaml() {
        RecipeText text = new RecipeText().put(0, "merge_method", "reset");
        keys.forEach((key, value) -> text.put(0, key, value));
        return text.toString();
    }

    /**
     * Reads what was built.
     *
     * @return the recipe
     * @throws io.graft.engine.RequestException if something is missing or wrong
     */
    public Recipe build() { return RecipeReader.read("reset made in Java", yaml()); }
}
