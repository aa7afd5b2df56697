package io.graft.engine.train;

import io.graft.engine.autograd.AdapterOps;
import io.graft.engine.autograd.LowRank;
import io.graft.engine.autograd.Parameter;
import io.graft.engine.autograd.Tape;
import io.graft.engine.autograd.Value;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.model.Architecture;
import io.graft.engine.model.Architecture.Block;

/** The forward pass on a tape: what {@code io.graft.engine.model.Forward} computes, kept for the way back. (T, H) is a row a token. */
final class ForwardPass implements AutoCloseable {

    private final Architecture architecture;
    private final Architecture.Attention attention;
    private final Parameters parameters;
    private final Tape tape;

    private final AdapterOps adapters;
    private final RotaryTables global, local;
    private final boolean recompute;
    /** Of the random numbers of this run. */
    private long key;

    /** @param recompute whether layers are computed again on the way back instead of being kept */
    ForwardPass(Architecture architecture, Parameters parameters, Kernels kernels, Tape tape, boolean recompute) {
        this.architecture = architecture;
        this.attention = architecture.attention();
        this.parameters = parameters;
        this.tape = tape;
        this.adapters = new AdapterOps(tape);
        this.global = new RotaryTables(attention.rotary(), kernels);
        this.local = new RotaryTables(attention.localRotary(), kernels);
        this.recompute = recompute;
    }

    /** Σ loss of a batch; adds the gradient of {@code weight · Σ loss} to those of the parameters. The key is that of dropout. */
    double differentiate(TrainBatch batch, float weight, long key) {
        this.key = key;
        return run(batch, weight, true);
    }

    /** Σ loss of a batch, nothing dropped. */
    double loss(TrainBatch batch) { return run(batch, 1, false); }

    private double run(TrainBatch batch, float weight, boolean differentiate) {
        tape.record(differentiate);
        Sequences sequences = batch.sequences();
        boolean windowed = attention.windows().stream().anyMatch(window -> window != 0);
        Tape.Angles far = global.of(batch), near = windowed ? local.of(batch) : null;
        Value h = embed(batch);
        for (int i = 0; i < architecture.layers(); i++) {
            int layer = i;
            h = tape.part(h, recompute, x -> block(layer, x, sequences, attention.windows().get(layer) == 0 ? far : near));
        }
        double loss = loss(norm(h, "model.norm.weight"), batch.targets(), weight);
        if (differentiate) tape.backward();
        else tape.clear();
        return loss;
    }

    private Value embed(TrainBatch batch) {
        Parameter table = parameters.get(Parameters.EMBEDDING + ".weight");
        LowRank update = parameters.update(Parameters.EMBEDDING);
        float scale = (float) architecture.embeddingScale();
        return update == null ? tape.embed(table, batch.ids(), batch.rows(), scale) : adapters.embed(table, batch.ids(), batch.rows(), scale, update);
    }

    private double loss(Value last, int[] targets, float weight) {
        Parameter own = parameters.get(Parameters.HEAD + ".weight"), head = own == null ? parameters.get(Parameters.EMBEDDING + ".weight") : own;
        LowRank update = parameters.update(Parameters.HEAD);
        float scale = (float) architecture.head().scale(), cap = (float) architecture.head().softCap();
        if (update == null) return tape.crossEntropy(last, head, scale, cap, targets, weight);
        return tape.crossEntropy(adapters.head(last, head, update, CounterRandom.key(key, Parameters.HEAD)), scale, cap, targets, weight);
    }

    private Value block(int layer, Value h, Sequences sequences, Tape.Angles angles) {
        String at = "model.layers." + layer + ".";
        boolean sandwich = architecture.block() == Block.SANDWICH;
        Value x = norm(h, at + "input_layernorm.weight");
        Value attended = attend(layer, at + "self_attn.", x, sequences, angles);
        if (architecture.block() == Block.PARALLEL) return tape.addInto(tape.addInto(h, attended), mlp(at + "mlp.", x));
        h = tape.addInto(h, sandwich ? norm(attended, at + "post_attention_layernorm.weight") : attended);
        Value out = mlp(at + "mlp.", norm(h, at + (sandwich ? "pre_feedforward_layernorm.weight" : "post_attention_layernorm.weight")));
        return tape.addInto(h, sandwich ? norm(out, at + "post_feedforward_layernorm.weight") : out);
    }

    private Value attend(int layer, String at, Value x, Sequences sequences, Tape.Angles angles) {
        Value q = linear(x, at + "q_proj"), k = linear(x, at + "k_proj"), v = linear(x, at + "v_proj");
        if (attention.headNorms()) {
            q = norm(q, at + "q_norm.weight");
            k = norm(k, at + "k_norm.weight");
        }
        tape.rope(q, attention.headDim(), angles, attention.ropeStyle());
        tape.rope(k, attention.headDim(), angles, attention.ropeStyle());
        return linear(tape.attention(q, k, v, sequences, attention.spec(layer)), at + "o_proj");
    }

    private Value mlp(String at, Value x) {
        return linear(tape.gate(architecture.mlp().activation(), linear(x, at + "gate_proj"), linear(x, at + "up_proj")), at + "down_proj");
    }

    private Value linear(Value x, String module) {
        Parameter weight = parameters.get(module + ".weight"), bias = parameters.get(module + ".bias");
        LowRank update = parameters.update(module);
        return update == null ? tape.linear(x, weight, bias) : adapters.linear(x, weight, bias, update, CounterRandom.key(key, module));
    }

    private Value norm(Value x, String name) {
        Parameter gain = parameters.get(name);
        float epsilon = (float) architecture.norm().epsilon();
        return switch (architecture.norm().kind()) {
            case RMS -> tape.rmsNorm(x, gain, epsilon, false);
            case RMS_ONE_PLUS -> tape.rmsNorm(x, gain, epsilon, true);
            case LAYER -> tape.layerNorm(x, gain, epsilon);
        };
    }

    /** Frees the rotary tables. */
    @Override
    public void close() {
        global.close();
        local.close();
    }
}
