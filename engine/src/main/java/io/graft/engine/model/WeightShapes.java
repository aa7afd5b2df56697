package io.graft.engine.model;

import io.graft.engine.RequestException;
import io.graft.engine.memory.Shape;
import io.graft.engine.model.Architecture.Block;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** The weights that an architecture has: what a model from scratch is made of, and what one that runs or is trained must have. */
public final class WeightShapes {

    private WeightShapes() {}

    /**
     * Names and shapes, as Hugging Face has them, matrices [out, in].
     *
     * @param architecture what the model computes
     * @param head         whether it has a head of its own
     * @return every weight's shape, embedding first, head last
     */
    public static SequencedMap<String, Shape> of(Architecture architecture, boolean head) {
        SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
        long hidden = architecture.hidden(), inner = architecture.intermediate();
        Architecture.Attention attention = architecture.attention();
        boolean sandwich = architecture.block() == Block.SANDWICH, mlpBias = architecture.mlp().bias();
        shapes.put("model.embed_tokens.weight", Shape.of(architecture.vocabulary(), hidden));
        for (int layer = 0; layer < architecture.layers(); layer++) {
            String at = "model.layers." + layer + ".";
            shapes.put(at + "input_layernorm.weight", Shape.of(hidden));
            linear(shapes, at + "self_attn.q_proj", attention.queryWidth(), hidden, attention.inputBias());
            linear(shapes, at + "self_attn.k_proj", attention.keyWidth(), hidden, attention.inputBias());
            linear(shapes, at + "self_attn.v_proj", attention.keyWidth(), hidden, attention.inputBias());
            linear(shapes, at + "self_attn.o_proj", hidden, attention.queryWidth(), attention.outputBias());
            if (attention.headNorms()) for (String name : new String[] {"q_norm", "k_norm"}) shapes.put(at + "self_attn." + name + ".weight", Shape.of(attention.headDim()));
            if (architecture.block() != Block.PARALLEL) shapes.put(at + "post_attention_layernorm.weight", Shape.of(hidden));
            if (sandwich) for (String name : new String[] {"pre", "post"}) shapes.put(at + name + "_feedforward_layernorm.weight", Shape.of(hidden));
            linear(shapes, at + "mlp.gate_proj", inner, hidden, mlpBias);
            linear(shapes, at + "mlp.up_proj", inner, hidden, mlpBias);
            linear(shapes, at + "mlp.down_proj", hidden, inner, mlpBias);
        }
        shapes.put("model.norm.weight", Shape.of(hidden));
        if (head) shapes.put("lm_head.weight", Shape.of(architecture.vocabulary(), hidden));
        return shapes;
    }

    private static void linear(SequencedMap<String, Shape> shapes, String module, long out, long in, boolean bias) {
        shapes.put(module + ".weight", Shape.of(out, in));
        if (bias) shapes.put(module + ".bias", Shape.of(out));
    }

    /**
     * Holds a model's weights against its config.
     *
     * @param where        the model, for messages; null where a weight's name says enough
     * @param architecture what the config says
     * @param source       its weights
     * @return the weights that the architecture has
     * @throws RequestException if one is missing, has another shape or a dtype that Graft does not compute with, or is not used
     */
    public static SequencedMap<String, Shape> check(String where, Architecture architecture, WeightSource source) {
        SequencedMap<String, Shape> shapes = of(architecture, Weights.hasHead(architecture, source));
        shapes.forEach((name, shape) -> {
            Shape found = source.shape(name);
            if (!found.equals(shape)) throw new RequestException(place(where, name), "the shape does not go with the config", shape, found);
            if (!source.dtype(name).isComputable()) throw new RequestException(place(where, name), "Graft does not compute with this dtype", "F32, BF16 or F16", source.dtype(name));
        });
        // A bias that would be ignored is a silent approximation. Old files store rotary_emb.inv_freq, which the config says.
        List<String> unused = source.names().stream().filter(name -> !shapes.containsKey(name) && !name.endsWith("rotary_emb.inv_freq")).sorted().toList();
        if (!unused.isEmpty()) throw new RequestException(place(where, unused.getFirst()), "a weight that no " + architecture.family() + " of this config uses"
                + (unused.size() > 1 ? ", and " + (unused.size() - 1) + " more" : ""));
        return shapes;
    }

    private static String place(String where, String name) { return where == null ? name : where + ": " + name; }
}
