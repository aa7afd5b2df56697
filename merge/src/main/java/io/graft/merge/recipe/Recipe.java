package io.graft.merge.recipe;

import io.graft.engine.memory.DType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A merge as it was asked for: bound and checked as far as that goes without opening a model.
 *
 * @param name       what errors call it: a file, or that it was made in Java
 * @param text       its YAML, as it is written beside the output
 * @param method     the merge method
 * @param base       {@code base_model}
 * @param slices     the inputs; empty for layer_swap and reset
 * @param whole      whether the recipe had {@code models}: one slice of all layers
 * @param swap       what layer_swap is told; empty for other methods
 * @param reset      what reset is told; empty for other methods
 * @param parameters the outermost parameters
 * @param dtype      {@code dtype}
 * @param outDtype   {@code out_dtype}
 * @param tokenizer  the model whose tokenizer is copied, where the recipe says so
 * @param seed       {@code random_seed}, of methods that draw numbers; 0 where the recipe does not say
 * @param warnings   what the user should know, each once
 */
public record Recipe(String name, String text, MethodSpec method, Optional<ModelRef> base, List<Slice> slices, boolean whole, Optional<LayerSwap> swap, Optional<Reset> reset,
        Map<String, Setting> parameters, Optional<DType> dtype, Optional<DType> outDtype, Optional<ModelRef> tokenizer, long seed, List<String> warnings) {

    /** {@return the dtype that the recipe gives the output; empty if it gives none} */
    public Optional<DType> outputDtype() { return outDtype.isPresent() ? outDtype : dtype; }

    /**
     * With another seed.
     *
     * @param other whose low 32 bits count
     * @return a copy
     */
    public Recipe withSeed(long other) { return new Recipe(name, text, method, base, slices, whole, swap, reset, parameters, dtype, outDtype, tokenizer, other, warnings); }
}
