package io.graft.engine.reference;

import io.graft.engine.kernel.RopeStyle;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.Architecture;
import io.graft.engine.model.Architecture.Block;
import io.graft.engine.model.Rotary;
import io.graft.engine.model.WeightSource;
import io.graft.engine.model.WeightSource.LowRank;
import io.graft.engine.model.Weights;
import java.util.ArrayList;
import java.util.List;

/**
 * A forward pass in double, one loop a formula: what {@code graft trace --float64-reference} prints.
 *
 * <p>Aim: to be read, and to be right to 1e-12. Not an aim: speed, nor large models (a layer's weights are copied to the heap).
 * It shares no arithmetic with the kernels, only the names of the weights.
 */
public final class ReferenceModel {

    private final Architecture architecture;
    private final WeightSource weights;

    /**
     * What a pass gives.
     *
     * @param logits [T][V]
     * @param hidden [layers + 1][T][H]: the input of every layer, then the output of the final norm
     */
    public record Result(double[][] logits, List<double[][]> hidden) {

        /**
         * The mean cross-entropy of every token but the first.
         *
         * @param ids the tokens
         * @return the loss; NaN for a single token
         */
        public double loss(int[] ids) {
            double sum = 0;
            for (int t = 0; t + 1 < ids.length; t++) {
                double top = Double.NEGATIVE_INFINITY, total = 0;
                for (double z : logits[t]) top = Math.max(top, z);
                for (double z : logits[t]) total += Math.exp(z - top);
                sum += top + Math.log(total) - logits[t][ids[t + 1]];
            }
            return sum / (ids.length - 1);
        }
    }

    /**
     * A model to compute in double.
     *
     * @param architecture what it computes
     * @param weights      its weights
     */
    public ReferenceModel(Architecture architecture, WeightSource weights) {
        this.architecture = architecture;
        this.weights = weights;
    }

    /**
     * Runs a text, positions from 0.
     *
     * @param ids its tokens
     * @return logits and hidden states
     */
    public Result run(int[] ids) {
        int hidden = architecture.hidden();
        double[] table = matrix("model.embed_tokens.weight");
        double[][] h = new double[ids.length][hidden];
        for (int t = 0; t < ids.length; t++)
            for (int i = 0; i < hidden; i++) h[t][i] = table[ids[t] * hidden + i] * architecture.embeddingScale();
        List<double[][]> states = new ArrayList<>();
        for (int layer = 0; layer < architecture.layers(); layer++) {
            states.add(copy(h));
            block(layer, h);
        }
        double[][] last = norm(h, "model.norm.weight");
        states.add(last);
        double[] head = Weights.hasHead(architecture, weights) ? matrix("lm_head.weight") : table;
        double[][] logits = linear(last, head, null, architecture.vocabulary());
        for (double[] row : logits)
            for (int v = 0; v < row.length; v++) row[v] = cap(row[v] * architecture.head().scale(), architecture.head().softCap());
        return new Result(logits, states);
    }

    private void block(int layer, double[][] h) {
        String at = "model.layers." + layer + ".";
        boolean sandwich = architecture.block() == Block.SANDWICH;
        double[][] x = norm(h, at + "input_layernorm.weight");
        double[][] attention = attention(layer, at + "self_attn.", x);
        if (architecture.block() == Block.PARALLEL) {
            add(h, mlp(at + "mlp.", x));
            add(h, attention);
            return;
        }
        add(h, sandwich ? norm(attention, at + "post_attention_layernorm.weight") : attention);
        double[][] out = mlp(at + "mlp.", norm(h, at + (sandwich ? "pre_feedforward_layernorm.weight" : "post_attention_layernorm.weight")));
        add(h, sandwich ? norm(out, at + "post_feedforward_layernorm.weight") : out);
    }

    private double[][] attention(int layer, String at, double[][] x) {
        Architecture.Attention with = architecture.attention();
        int heads = with.heads(), kvHeads = with.kvHeads(), width = with.headDim(), window = with.windows().get(layer);
        double[][] q = linear(x, at + "q_proj", with.queryWidth(), with.inputBias());
        double[][] k = linear(x, at + "k_proj", with.keyWidth(), with.inputBias());
        double[][] v = linear(x, at + "v_proj", with.keyWidth(), with.inputBias());
        if (with.headNorms()) {
            normHeads(q, heads, matrix(at + "q_norm.weight"));
            normHeads(k, kvHeads, matrix(at + "k_norm.weight"));
        }
        rotate(q, heads, with.rotaryOf(layer));
        rotate(k, kvHeads, with.rotaryOf(layer));
        double[][] out = new double[x.length][heads * width];
        for (int t = 0; t < x.length; t++)
            for (int head = 0; head < heads; head++) {
                int qAt = head * width, kAt = head / (heads / kvHeads) * width, from = window == 0 ? 0 : Math.max(0, t - window + 1);
                double[] share = new double[t + 1];
                double top = Double.NEGATIVE_INFINITY, total = 0;
                for (int s = from; s <= t; s++) {
                    for (int i = 0; i < width; i++) share[s] += q[t][qAt + i] * k[s][kAt + i];
                    share[s] = cap(share[s] * with.scale(), with.softCap());
                    top = Math.max(top, share[s]);
                }
                for (int s = from; s <= t; s++) total += share[s] = Math.exp(share[s] - top);
                for (int s = from; s <= t; s++)
                    for (int i = 0; i < width; i++) out[t][qAt + i] += share[s] / total * v[s][kAt + i];
            }
        return linear(out, at + "o_proj", architecture.hidden(), with.outputBias());
    }

    private double[][] mlp(String at, double[][] x) {
        boolean bias = architecture.mlp().bias();
        double[][] gate = linear(x, at + "gate_proj", architecture.intermediate(), bias), up = linear(x, at + "up_proj", architecture.intermediate(), bias);
        for (int t = 0; t < x.length; t++)
            for (int i = 0; i < gate[t].length; i++) gate[t][i] = activate(gate[t][i]) * up[t][i];
        return linear(gate, at + "down_proj", architecture.hidden(), bias);
    }

    private double activate(double x) {
        return switch (architecture.mlp().activation()) {
            case SILU -> x / (1 + Math.exp(-x));
            case GELU_TANH -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
        };
    }

    private static double cap(double x, double cap) { return cap == 0 ? x : cap * Math.tanh(x / cap); }

    private void rotate(double[][] x, int heads, Rotary rotary) {
        double[] frequency = rotary.frequencies(x.length);
        int width = rotary.dimensions(), half = width / 2;
        boolean interleaved = architecture.attention().ropeStyle() == RopeStyle.PAIRS;
        for (int t = 0; t < x.length; t++)
            for (int head = 0; head < heads; head++)
                for (int i = 0; i < half; i++) {
                    int a = head * width + (interleaved ? 2 * i : i), b = interleaved ? a + 1 : a + half;
                    double cos = Math.cos(t * frequency[i]) * rotary.magnitude(), sin = Math.sin(t * frequency[i]) * rotary.magnitude();
                    double xa = x[t][a], xb = x[t][b];
                    x[t][a] = xa * cos - xb * sin;
                    x[t][b] = xb * cos + xa * sin;
                }
    }

    private double[][] norm(double[][] x, String name) {
        double[] w = matrix(name);
        double[][] out = copy(x);
        for (double[] row : out) norm(row, 0, w);
        return out;
    }

    private void normHeads(double[][] x, int heads, double[] w) {
        for (double[] row : x)
            for (int head = 0; head < heads; head++) norm(row, head * w.length, w);
    }

    private void norm(double[] row, int at, double[] w) {
        int n = w.length;
        double mean = 0, square = 0;
        if (architecture.norm().kind() == Architecture.NormKind.LAYER)
            for (int i = 0; i < n; i++) mean += row[at + i] / n;
        for (int i = 0; i < n; i++) square += (row[at + i] - mean) * (row[at + i] - mean) / n;
        double scale = 1 / Math.sqrt(square + architecture.norm().epsilon()), one = architecture.norm().kind() == Architecture.NormKind.RMS_ONE_PLUS ? 1 : 0;
        for (int i = 0; i < n; i++) row[at + i] = (row[at + i] - mean) * scale * (one + w[i]);
    }

    private double[][] linear(double[][] x, String module, int out, boolean bias) {
        return linear(x, matrix(module + ".weight"), bias ? matrix(module + ".bias") : null, out);
    }

    private static double[][] linear(double[][] x, double[] w, double[] bias, int out) {
        double[][] y = new double[x.length][out];
        int in = x[0].length;
        for (int t = 0; t < x.length; t++)
            for (int o = 0; o < out; o++) {
                double sum = bias == null ? 0 : bias[o];
                for (int i = 0; i < in; i++) sum += w[o * in + i] * x[t][i];
                y[t][o] = sum;
            }
        return y;
    }

    /** A weight on the heap, an update of low rank added. */
    private double[] matrix(String name) {
        double[] w = Doubles.of(weights.tensor(name));
        LowRank update = weights.update(name);
        if (update != null) {
            Tensor a = update.a(), b = update.b();
            int rank = Math.toIntExact(a.shape().size(0)), in = Math.toIntExact(a.shape().size(1)), out = Math.toIntExact(b.shape().size(0));
            double[] down = Doubles.of(a), up = Doubles.of(b);
            for (int o = 0; o < out; o++)
                for (int r = 0; r < rank; r++)
                    for (int i = 0; i < in; i++) w[o * in + i] += update.scale() * up[o * rank + r] * down[r * in + i];
        }
        return w;
    }

    private static void add(double[][] h, double[][] x) {
        for (int t = 0; t < h.length; t++)
            for (int i = 0; i < h[t].length; i++) h[t][i] += x[t][i];
    }

    private static double[][] copy(double[][] x) {
        double[][] copy = new double[x.length][];
        for (int t = 0; t < x.length; t++) copy[t] = x[t].clone();
        return copy;
    }
}
