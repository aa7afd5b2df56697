package io.graft.merge.recipe;

import io.graft.merge.yaml.Mark;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the method {@code layer_swap} is told: the outermost layers come from the language expert, the middle ones from the
 * task expert (Bandarkar et al. 2025, "Layer Swapping for Zero-Shot Cross-Lingual Transfer"), with transitions as its
 * follow-up has them. What the paper leaves open is an option here.
 *
 * @param language         the expert of the outermost layers
 * @param task             the expert of the middle layers
 * @param bottom           language layers at the input side
 * @param top              language layers at the output side
 * @param transitionBottom layers above the bottom zone that blend both experts
 * @param transitionTop    layers below the top zone that do
 * @param ramp             whether they blend on a linear ramp, else half and half
 * @param embeddings       where the embeddings come from
 * @param finalNorm        where the final norm comes from
 * @param lmHead           where the head comes from; empty if the recipe does not say: the default, or the embeddings' where tied
 * @param modules          which modules of a layer follow the swap; the others come from {@code task}
 * @param output           a model, or the swapped adapter
 * @param marks            where each key stands; a key that the recipe leaves out is not there
 */
public record LayerSwap(ModelRef language, ModelRef task, int bottom, int top, int transitionBottom, int transitionTop, boolean ramp, Origin embeddings,
        Origin finalNorm, Optional<Origin> lmHead, Set<Module> modules, Output output, Map<String, Mark> marks) {

    /** The default of {@code embeddings}: the bottom zone's words are the language expert's, and new ones live nowhere else. */
    public static final Origin EMBEDDINGS = Origin.LANGUAGE;
    /** The default of {@code final_norm}: it feeds the head, and so goes with it. */
    public static final Origin FINAL_NORM = Origin.TASK;
    /** The default of {@code lm_head}, where it is not tied: the language expert's loses the task's answers (measured on the bilingual world). */
    public static final Origin LM_HEAD = Origin.TASK;

    /** Where what is in no layer comes from. */
    public enum Origin {
        /** The language expert. */
        LANGUAGE,
        /** The task expert. */
        TASK,
        /** The base model. */
        BASE,
        /** Half of each expert. */
        AVERAGE,
        /** The base and both task vectors: language + task - base. */
        SUM;

        /** {@return its word in recipes} */
        public String word() { return name().toLowerCase(Locale.ROOT); }
    }

    /** A part of a layer. */
    public enum Module {
        /** Attention, with its own norms. */
        ATTENTION,
        /** The feed-forward part, experts and their router too. */
        MLP,
        /** The layer's norms. */
        NORM;

        /** {@return its word in recipes} */
        public String word() { return name().toLowerCase(Locale.ROOT); }
    }

    /** What is written. */
    public enum Output {
        /** A whole model. */
        MODEL,
        /** An adapter of the base, out of two adapters of it. */
        ADAPTER
    }

    /**
     * The share of the language expert in a layer; the task expert has the rest. The formula of the golden data.
     *
     * @param layer  from 0
     * @param layers how many the model has
     * @return 0 to 1
     */
    public double share(int layer, int layers) {
        if (layer < bottom || layer >= layers - top) return 1;
        if (layer < bottom + transitionBottom) return step(layer - bottom + 1, transitionBottom); // the bottom wins an overlap
        if (layer >= layers - top - transitionTop) return step(layers - top - layer, transitionTop);
        return 0;
    }

    private double step(int distance, int transition) { return ramp ? 1 - (double) distance / (transition + 1) : 0.5; }
}
