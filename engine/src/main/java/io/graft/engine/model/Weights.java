package io.graft.engine.model;

import io.graft.engine.RequestException;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.Architecture.Block;
import io.graft.engine.model.WeightSource.LowRank;
import java.util.ArrayList;
import java.util.List;

/**
 * The weights of a model, found by name and checked by shape: what a forward pass reads. Hugging Face's names, the matrices [out, in].
 */
public final class Weights {

    private static final String HEAD = "lm_head.weight";

    private final Architecture architecture;
    private final WeightSource source;
    private final Kernels kernels;

    final Tensor embedding;
    final List<Layer> layers = new ArrayList<>();
    final Tensor finalNorm;
    final Tensor head;

    /** A linear map: {@code y = W·x + bias}, and an update of low rank. The last two may be null. */
    record Linear(Tensor weight, Tensor bias, LowRank update) {}

    /** A block. Norms of head or sandwich that it has not are null; {@code middleNorm} is what the MLP's input goes through, null in a parallel block. */
    record Layer(Tensor inputNorm, Linear q, Linear k, Linear v, Linear o, Tensor qNorm, Tensor kNorm, Tensor attentionOutNorm, Tensor middleNorm,
            Linear gate, Linear up, Linear down, Tensor mlpOutNorm) {}

    /**
     * Finds every weight.
     *
     * @param architecture what the model computes
     * @param source       the weights
     * @param kernels      where they are brought to
     * @throws RequestException if one is missing, has another shape or a dtype that Graft does not compute with, or is not used
     */
    Weights(Architecture architecture, WeightSource source, Kernels kernels) {
        this.architecture = architecture;
        this.kernels = kernels;
        this.source = source;
        WeightShapes.check(null, architecture, source);
        this.embedding = tensor("model.embed_tokens.weight");
        for (int layer = 0; layer < architecture.layers(); layer++) layers.add(layer("model.layers." + layer + "."));
        this.finalNorm = tensor("model.norm.weight");
        this.head = hasHead(architecture, source) ? tensor(HEAD) : embedding;
    }

    /**
     * Whether logits are made by a matrix of their own. A tied model whose weights have one (an adapter saved it) is not tied.
     *
     * @param architecture what the model computes
     * @param source       the weights
     * @return false if logits are made by the embedding
     */
    public static boolean hasHead(Architecture architecture, WeightSource source) { return !architecture.head().tied() || source.names().contains(HEAD); }

    /** {@return the widest rank among updates of low rank; 0 if there are none} */
    int largestRank() {
        long rank = 0;
        for (Layer layer : layers)
            for (Linear map : new Linear[] {layer.q(), layer.k(), layer.v(), layer.o(), layer.gate(), layer.up(), layer.down()}) rank = Math.max(rank, rank(map));
        return Math.toIntExact(rank);
    }

    private static long rank(Linear map) { return map.update() == null ? 0 : map.update().a().shape().size(0); }

    private Layer layer(String at) {
        Architecture.Attention attention = architecture.attention();
        boolean mlpBias = architecture.mlp().bias(), sandwich = architecture.block() == Block.SANDWICH, parallel = architecture.block() == Block.PARALLEL;
        return new Layer(tensor(at + "input_layernorm.weight"), linear(at + "self_attn.q_proj", attention.inputBias()), linear(at + "self_attn.k_proj", attention.inputBias()),
                linear(at + "self_attn.v_proj", attention.inputBias()), linear(at + "self_attn.o_proj", attention.outputBias()),
                attention.headNorms() ? tensor(at + "self_attn.q_norm.weight") : null, attention.headNorms() ? tensor(at + "self_attn.k_norm.weight") : null,
                sandwich ? tensor(at + "post_attention_layernorm.weight") : null,
                parallel ? null : tensor(at + (sandwich ? "pre_feedforward_layernorm.weight" : "post_attention_layernorm.weight")),
                linear(at + "mlp.gate_proj", mlpBias), linear(at + "mlp.up_proj", mlpBias), linear(at + "mlp.down_proj", mlpBias),
                sandwich ? tensor(at + "post_feedforward_layernorm.weight") : null);
    }

    private Linear linear(String module, boolean bias) {
        Tensor weight = tensor(module + ".weight");
        LowRank update = source.update(module + ".weight");
        if (update != null) update = new LowRank(kernels.upload(update.a()), kernels.upload(update.b()), update.scale());
        return new Linear(weight, bias ? tensor(module + ".bias") : null, update);
    }

    private Tensor tensor(String name) { return kernels.upload(source.tensor(name)); }
}
