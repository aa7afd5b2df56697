package io.graft.merge.analysis;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.model.Batch;
import io.graft.engine.model.CausalLm;
import io.graft.engine.model.KvCache;
import io.graft.engine.model.Session;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.model.ModelSource;
import io.graft.formats.weights.ModelWeights;
import java.util.List;

/**
 * Whether two task vectors add up in what the layers give out: h(base + τ₁ + τ₂) against h(base) + Δ₁ + Δ₂, where Δᵢ = h(base + τᵢ) − h(base).
 *
 * @param first  the first expert
 * @param second the second one
 * @param errors by layer: ‖h(base + τ₁ + τ₂) − h(base) − Δ₁ − Δ₂‖ / ‖h(base + τ₁ + τ₂) − h(base)‖ over all tokens; entry i is what layer i takes in
 *               (0 the embeddings), the last one the state after the final norm; NaN where nothing changes
 * @param cosine by layer: of the change by both against the sum of the changes
 * @param tokens on how many tokens
 */
public record Additivity(String first, String second, double[] errors, double[] cosine, int tokens) {

    /**
     * Measures it: four models run one after the other; the states of three are kept.
     *
     * @param base    the base
     * @param first   an expert
     * @param second  another
     * @param texts   token ids; texts after the first {@code most} tokens are left out
     * @param most    tokens at most, 1 or more
     * @param kernels that compute; they stay open
     * @return what was found
     */
    public static Additivity measure(ModelSource base, ModelSource first, ModelSource second, List<int[]> texts, int most, Kernels kernels) {
        List<ModelSource> both = List.of(first, second);
        float[][] none = states(Mixtures.along(base, both, 0, 0), texts, most, kernels), one = states(Mixtures.along(base, both, 1, 0), texts, most, kernels),
                other = states(Mixtures.along(base, both, 0, 1), texts, most, kernels), all = states(Mixtures.along(base, both, 1, 1), texts, most, kernels);
        double[] errors = new double[none.length], cosine = new double[none.length];
        for (int layer = 0; layer < errors.length; layer++) {
            double error = 0, change = 0, sum = 0, product = 0;
            for (int i = 0; i < none[layer].length; i++) {
                double zero = none[layer][i], together = all[layer][i] - zero, added = one[layer][i] - zero + (other[layer][i] - zero);
                error += (together - added) * (together - added);
                change += together * together;
                sum += added * added;
                product += together * added;
            }
            errors[layer] = change == 0 ? Double.NaN : Math.sqrt(error / change);
            cosine[layer] = change == 0 || sum == 0 ? Double.NaN : product / (Math.sqrt(change) * Math.sqrt(sum));
        }
        return new Additivity(first.name(), second.name(), errors, cosine, taken(texts, most));
    }

    private static int taken(List<int[]> texts, int most) {
        int tokens = 0;
        for (int[] text : texts) tokens += Math.min(text.length, most - tokens);
        return tokens;
    }

    /** By layer: the states of all tokens behind each other. */
    private static float[][] states(ModelSource model, List<int[]> texts, int most, Kernels kernels) {
        int tokens = taken(texts, most);
        try (CausalLm lm = new CausalLm(Architectures.of(model.name() + ": config.json", model.config()), ModelWeights.of(model), kernels)) {
            int longest = texts.stream().mapToInt(text -> text.length).max().orElse(1), layers = lm.architecture().layers();
            float[][] states = new float[layers + 1][];
            int[] at = new int[layers + 1];
            try (Session session = lm.session(Math.min(longest, most))) {
                int done = 0;
                for (int[] text : texts) {
                    int count = Math.min(text.length, most - done);
                    if (count == 0) break;
                    try (KvCache cache = session.cache(count)) {
                        session.run(new Batch().add(cache, text, 0, count), (name, value) -> {
                            if (!name.startsWith("hidden.")) return;
                            int layer = Integer.parseInt(name.substring(7));
                            float[] values = new float[Math.toIntExact(value.shape().elements())];
                            kernels.download(value, values);
                            if (states[layer] == null) states[layer] = new float[Math.multiplyExact(tokens, values.length / count)];
                            System.arraycopy(values, 0, states[layer], at[layer], values.length);
                            at[layer] += values.length;
                        });
                    }
                    done += count;
                }
            }
            return states;
        }
    }
}
