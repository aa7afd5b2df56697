package io.graft.engine.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.profile.Launch;
import io.graft.engine.profile.ProfiledKernels;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * No work for what is frozen, and none below the lowest trained weight: matrix products of the way back, counted. The head gives
 * one for logits and one for each gradient that is wanted; a linear map one for its weight and one for its input.
 */
class FrozenWorkTest {

    private static final int LAYERS = 5, HEAD = 2, MAPS = 7;

    private final RandomModel model = new RandomModel(LAYERS, 16, 24, 61, false);

    @AfterEach
    void close() { model.close(); }

    private int products(Trainable trainable) { return products(trainable, _ -> true); }

    private int products(Trainable trainable, Trainable active) {
        ProfiledKernels kernels = new ProfiledKernels(Kernels.open(null, 1));
        try (kernels; Gradients gradients = new Gradients(kernels); Parameters parameters = new Parameters(model, trainable, kernels);
                Trainer trainer = new Trainer(model.architecture, parameters, kernels, gradients)) {
            parameters.activate(active);
            trainer.gradients(List.of(model.batch(23)));
            return (int) kernels.launches().stream().map(Launch::operation).filter(operation -> operation.startsWith("matmul")).count();
        }
    }

    private static Trainable only(String... names) { return name -> List.of(names).contains(name); }

    @Test
    void theFinalNormNeedsTheHeadAlone() { assertEquals(HEAD, products(only("model.norm.weight"))); }

    @Test
    void theHeadNeedsNoGradientOfItsInput() { assertEquals(HEAD, products(only("lm_head.weight"))); }

    @Test
    void aMapOfTheLastLayerNeedsWhatLiesBetween() {
        String at = "model.layers." + (LAYERS - 1) + ".";
        assertEquals(HEAD + 1, products(only(at + "mlp.down_proj.weight")));
        assertEquals(HEAD + 1 + 1, products(only(at + "mlp.gate_proj.weight")), "the input of down_proj, the weight of gate_proj");
        assertEquals(HEAD + 3 + 1, products(only(at + "self_attn.o_proj.weight")), "inputs of three maps of the MLP, one weight");
        assertEquals(HEAD + 4 + 1, products(only(at + "self_attn.v_proj.weight")), "and the input of o_proj");
        assertEquals(HEAD + 4 + 3, products(only(at + "input_layernorm.weight")), "and those of q, k and v");
    }

    @Test
    void nothingIsComputedBelowTheLowestTrainedLayer() {
        for (int lowest = 0; lowest < LAYERS; lowest++) {
            int from = lowest;
            // All maps of layers from the lowest: two products each, but for the inputs of its q, k and v, which nobody needs.
            assertEquals(HEAD + (LAYERS - from) * MAPS * 2 - 3, products(name -> layer(name) >= from && name.contains("_proj")), "from layer " + from);
            assertEquals(HEAD + (LAYERS - from) * MAPS * 2 - 3, products(_ -> true, name -> layer(name) >= from && name.contains("_proj")), "as well where the others rest");
        }
    }

    @Test
    void allOfItIsTheMost() { assertEquals(HEAD + 1 + LAYERS * MAPS * 2, products(_ -> true)); }

    private static int layer(String name) { return name.startsWith("model.layers.") ? Integer.parseInt(name.split("\\.")[2]) : -1; }
}
