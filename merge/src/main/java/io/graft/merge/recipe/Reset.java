package io.graft.merge.recipe;

import io.graft.merge.recipe.LayerSwap.Module;
import io.graft.merge.yaml.Mark;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;

/**
 * What the method {@code reset} is told: parts of an expert that go back to the base, whole or but for their largest changes
 * (Bandarkar and Peng 2025, "The Unreasonable Effectiveness of Model Merging for Cross-Lingual Transfer in LLMs": train, then reset).
 *
 * @param expert       the expert
 * @param layers       the layers that go back; empty for all of them
 * @param modules      of these layers, the modules that do
 * @param nonLayer     what goes back of that which is in no layer
 * @param everything   whether the recipe chose neither layers nor modules nor what is in no layer: all of the expert then
 * @param keepFraction the share of the changes of these parts that stay, the largest; 0 resets them whole
 * @param pooled       whether the changes of all parts compete, not those of each tensor
 * @param marks        where each key stands; a key that the recipe leaves out is not there
 */
public record Reset(ModelRef expert, Optional<SortedSet<Integer>> layers, Set<Module> modules, Set<NonLayer> nonLayer, boolean everything, double keepFraction, boolean pooled,
        Map<String, Mark> marks) {

    /** What is in no layer. */
    public enum NonLayer {
        /** The embeddings. */
        EMBEDDINGS,
        /** The norm after the last layer. */
        FINAL_NORM,
        /** The head. */
        LM_HEAD;

        /** {@return its word in recipes} */
        public String word() { return name().toLowerCase(Locale.ROOT); }
    }
}
