package io.graft.formats.huggingface;

import io.graft.engine.model.Rotary;
import io.graft.engine.model.Rotary.Scaling;

/** Reads {@code rope_scaling}, or the {@code rope_parameters} of Transformers 5, as a {@link Rotary}. */
final class RotaryConfigs {

    private RotaryConfigs() {}

    /**
     * The rotation that some keys describe.
     *
     * @param headDim the width of a head
     * @param theta   the base
     * @param scaling the keys; null for none
     * @param config  the whole config, which tells the length of the first training where the keys do not
     * @return the rotation
     */
    static Rotary of(int headDim, double theta, ConfigValues scaling, ConfigValues config) {
        if (scaling == null) return new Rotary(headDim, theta, new Scaling.None());
        if (scaling.number("partial_rotary_factor", 1) != 1) throw scaling.wrong("partial_rotary_factor", 1);
        String type = scaling.text("rope_type", scaling.text("type", "default"));
        return new Rotary(headDim, theta, switch (type) {
            case "default" -> new Scaling.None();
            case "linear" -> new Scaling.Linear(scaling.positive("factor"));
            case "dynamic" -> new Scaling.Dynamic(scaling.positive("factor"), config.size("max_position_embeddings"));
            case "llama3" -> new Scaling.Llama3(scaling.positive("factor"), scaling.positive("low_freq_factor"), scaling.positive("high_freq_factor"),
                    scaling.size("original_max_position_embeddings"));
            case "yarn" -> yarn(scaling, config);
            default -> throw scaling.wrong(scaling.has("rope_type") ? "rope_type" : "type", "default, linear, dynamic, llama3 or yarn");
        });
    }

    private static Scaling yarn(ConfigValues scaling, ConfigValues config) {
        int length = scaling.size("original_max_position_embeddings", 0);
        if (length == 0) length = config.size("max_position_embeddings");
        double factor = scaling.has("factor") ? scaling.positive("factor") : (double) config.size("max_position_embeddings") / length;
        double magnitude = scaling.positive("attention_factor", magnitude(factor, scaling));
        return new Scaling.Yarn(factor, length, scaling.positive("beta_fast", 32), scaling.positive("beta_slow", 1), magnitude, scaling.flag("truncate", true));
    }

    /** 0.1 ln(factor) + 1; DeepSeek's two keys make it a ratio of two such. */
    private static double magnitude(double factor, ConfigValues scaling) {
        double one = scaling.number("mscale", 0), all = scaling.number("mscale_all_dim", 0);
        return one != 0 && all != 0 ? magnitude(factor, one) / magnitude(factor, all) : magnitude(factor, 1);
    }

    private static double magnitude(double factor, double times) { return factor <= 1 ? 1 : 0.1 * times * StrictMath.log(factor) + 1; }
}
