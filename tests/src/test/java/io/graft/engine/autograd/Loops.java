package io.graft.engine.autograd;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Sequences;

/** The operations as loops in double, one formula each, to be differentiated by differences. */
final class Loops {

    private Loops() {}

    /** x (t, in), w (out, in), bias (out) or null. */
    static double[] linear(double[] x, double[] w, double[] bias, int t, int in, int out) {
        double[] y = new double[t * out];
        for (int row = 0; row < t; row++)
            for (int o = 0; o < out; o++) {
                double sum = bias == null ? 0 : bias[o];
                for (int i = 0; i < in; i++) sum += x[row * in + i] * w[o * in + i];
                y[row * out + o] = sum;
            }
        return y;
    }

    static double[] norm(double[] x, double[] gain, double eps, boolean unitOffset, boolean centred) {
        int n = gain.length;
        double[] y = new double[x.length];
        for (int from = 0; from < x.length; from += n) {
            double mean = 0, square = 0;
            if (centred) for (int i = 0; i < n; i++) mean += x[from + i] / n;
            for (int i = 0; i < n; i++) square += (x[from + i] - mean) * (x[from + i] - mean) / n;
            for (int i = 0; i < n; i++) y[from + i] = (x[from + i] - mean) / Math.sqrt(square + eps) * (gain[i] + (unitOffset ? 1 : 0));
        }
        return y;
    }

    /** Rotates factor · x. */
    static double[] rope(double[] x, double factor, int headDim, int half, double[] cos, double[] sin, boolean halves) {
        double[] y = new double[x.length];
        int heads = x.length / (cos.length / half) / headDim;
        for (int i = 0; i < x.length; i++) y[i] = factor * x[i];
        for (int head = 0; head < x.length / headDim; head++)
            for (int i = 0; i < half; i++) {
                int first = head * headDim + (halves ? i : 2 * i), second = halves ? first + half : first + 1, at = head / heads * half + i;
                double a = factor * x[first], b = factor * x[second];
                y[first] = a * cos[at] - b * sin[at];
                y[second] = b * cos[at] + a * sin[at];
            }
        return y;
    }

    static double[] attention(double[][] in, Sequences sequences, AttentionSpec spec, int rows) {
        int width = spec.heads() * spec.headDim(), keyWidth = spec.kvHeads() * spec.headDim();
        double[] y = new double[rows * width];
        for (int s = 0; s < sequences.count(); s++)
            for (int i = 0; i < sequences.queries(s); i++)
                for (int head = 0; head < spec.heads(); head++) {
                    int query = (sequences.firstQuery(s) + i) * width + head * spec.headDim(), group = head / (spec.heads() / spec.kvHeads()) * spec.headDim();
                    int first = spec.window() == 0 ? 0 : Math.max(0, i - spec.window() + 1);
                    double[] weight = new double[i + 1];
                    double sum = 0;
                    for (int j = first; j <= i; j++) {
                        int key = (sequences.firstKey(s) + j) * keyWidth + group;
                        double score = 0;
                        for (int d = 0; d < spec.headDim(); d++) score += in[0][query + d] * in[1][key + d];
                        score *= spec.scale();
                        if (spec.softCap() > 0) score = spec.softCap() * Math.tanh(score / spec.softCap());
                        weight[j] = Math.exp(score);
                        sum += weight[j];
                    }
                    for (int j = first; j <= i; j++)
                        for (int d = 0; d < spec.headDim(); d++) y[query + d] += weight[j] / sum * in[2][(sequences.firstKey(s) + j) * keyWidth + group + d];
                }
        return y;
    }

    static double[] gate(Activation activation, double[] gate, double[] up) {
        double[] y = new double[gate.length];
        for (int i = 0; i < y.length; i++) {
            double x = gate[i];
            double f = activation == Activation.SILU ? x / (1 + Math.exp(-x)) : 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            y[i] = f * up[i];
        }
        return y;
    }

    /** One row's logits. */
    private static double[] logits(double[] hidden, double[] head, double scale, double cap, int row, int n, int vocabulary) {
        double[] z = new double[vocabulary];
        for (int v = 0; v < vocabulary; v++) {
            for (int i = 0; i < n; i++) z[v] += hidden[row * n + i] * head[v * n + i];
            z[v] *= scale;
            if (cap > 0) z[v] = cap * Math.tanh(z[v] / cap);
        }
        return z;
    }

    private static double logSumExp(double[] z) {
        double sum = 0;
        for (double each : z) sum += Math.exp(each);
        return Math.log(sum);
    }

    static double crossEntropy(double[] hidden, double[] head, double scale, double cap, int[] targets, int t, int n, int vocabulary) {
        double loss = 0;
        for (int row = 0; row < t; row++) {
            if (targets[row] < 0) continue;
            double[] z = logits(hidden, head, scale, cap, row, n, vocabulary);
            loss += logSumExp(z) - z[targets[row]];
        }
        return loss;
    }

    /** In closed form, since differences by every weight of a large head take long: of hidden, of head. */
    static double[][] crossEntropyGradients(double[] hidden, double[] head, double scale, double cap, int[] targets, double weight, int t, int n, int vocabulary) {
        double[] dHidden = new double[hidden.length], dHead = new double[head.length];
        for (int row = 0; row < t; row++) {
            if (targets[row] < 0) continue;
            double[] z = logits(hidden, head, scale, cap, row, n, vocabulary);
            double sum = logSumExp(z);
            for (int v = 0; v < vocabulary; v++) {
                double slope = cap > 0 ? 1 - z[v] / cap * (z[v] / cap) : 1;
                double d = weight * (Math.exp(z[v] - sum) - (v == targets[row] ? 1 : 0)) * slope * scale;
                for (int i = 0; i < n; i++) {
                    dHidden[row * n + i] += d * head[v * n + i];
                    dHead[v * n + i] += d * hidden[row * n + i];
                }
            }
        }
        return new double[][] {dHidden, dHead};
    }
}
