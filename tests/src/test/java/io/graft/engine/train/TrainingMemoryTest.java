package io.graft.engine.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.autograd.Parameter;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;

/** What training allocates, by the engine's own counter, and what computing layers twice changes: the memory alone. */
class TrainingMemoryTest {

    private static final int LAYERS = 12, HIDDEN = 32, WIDE = 88, T = 201;

    /** What a run of one step took beyond parameters, and the bits of the gradients. */
    private record Step(long bytes, float[] gradients, double loss) {}

    private static Step step(RandomModel model, Trainable trainable, Change change, boolean recompute, int steps, int... lengths) {
        try (Kernels kernels = Kernels.open(null, 1); Gradients gradients = new Gradients(kernels); Parameters parameters = new Parameters(model, trainable, kernels)) {
            change.to(parameters, kernels);
            long before = Owner.liveBytes();
            Owner.restartPeak();
            try (Trainer trainer = new Trainer(model.architecture, parameters, kernels, gradients, recompute)) {
                double loss = 0;
                for (int i = 0; i < steps; i++) loss = trainer.gradients(List.of(model.batch(lengths)), 5, 9);
                return new Step(Owner.peakBytes() - before, bits(parameters.trained()), loss);
            }
        }
    }

    private interface Change {
        void to(Parameters parameters, Kernels kernels);
    }

    private static float[] bits(List<Parameter> parameters) {
        float[] all = new float[0];
        for (Parameter each : parameters) {
            float[] some = each.gradient().segment().toArray(ValueLayout.JAVA_FLOAT);
            all = Arrays.copyOf(all, all.length + some.length);
            System.arraycopy(some, 0, all, all.length - some.length, some.length);
        }
        return all;
    }

    /** Factors with dropout on every map of the MLP: the mask must be the same when a layer is computed again. */
    private static void adapt(Parameters parameters, Kernels kernels) {
        for (int layer = 0; layer < LAYERS; layer++)
            for (String name : List.of("gate_proj", "up_proj"))
                try (Tensor a = kernels.allocate("a", Shape.of(4, HIDDEN)); Tensor b = kernels.allocate("b", Shape.of(WIDE, 4)); Tensor m = kernels.allocate("m", Shape.of(WIDE))) {
                    a.segment().fill((byte) 0x3c); // 0.0115
                    b.segment().fill((byte) 0x3d); // 0.0462
                    m.segment().fill((byte) 0x3f); // 0.747
                    parameters.adapt("model.layers." + layer + ".mlp." + name, new Parameters.Update(a, b, name.equals("up_proj") ? m : null, 2, 0.3f), kernels);
                }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void layersComputedTwiceGiveTheSameBitsInLessMemory(boolean adapters) {
        try (RandomModel model = new RandomModel(LAYERS, HIDDEN, WIDE, 61, true)) {
            Change change = adapters ? TrainingMemoryTest::adapt : (_, _) -> { };
            Step once = step(model, _ -> !adapters, change, false, 2, 150, 1, 50), twice = step(model, _ -> !adapters, change, true, 2, 150, 1, 50);
            assertEquals(once.loss, twice.loss, 0);
            assertArrayEquals(once.gradients, twice.gradients);
            assertTrue(Arrays.stream(toDoubles(once.gradients)).anyMatch(value -> value != 0));
            // Kept of a layer are at least nine rows of HIDDEN and three of WIDE a token; computed twice, one row of HIDDEN.
            long saved = (LAYERS - 2) * 4L * T * (8 * HIDDEN + 3 * WIDE);
            assertTrue(twice.bytes < once.bytes - saved, twice.bytes + " of " + once.bytes + " bytes, to save " + saved);
        }
    }

    private static double[] toDoubles(float[] values) {
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) wide[i] = values[i];
        return wide;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noMatrixOfTokensByVocabularyIsAllocated(boolean adaptedHead) {
        int vocabulary = 50_021, rows = 1100;
        try (RandomModel model = new RandomModel(1, 8, 8, vocabulary, true)) {
            Change change = (parameters, kernels) -> {
                if (!adaptedHead) return;
                try (Tensor a = kernels.allocate("a", Shape.of(2, 8)); Tensor b = kernels.allocate("b", Shape.of(vocabulary, 2))) {
                    a.segment().fill((byte) 0x3d);
                    parameters.adapt("lm_head", new Parameters.Update(a, b, 2), kernels);
                }
            };
            Step step = step(model, _ -> !adaptedHead, change, false, 1, rows / 2, rows / 2);
            // Logits of 256 tokens of 1100 are held at a time. An adapted head is copied with its factors. Kernels have scratch of 6 MB.
            long matrix = 4L * rows * vocabulary, copies = adaptedHead ? 4L * vocabulary * (8 + 2) : 0;
            assertTrue(step.bytes - copies < matrix * 256 / rows * 5 / 4, step.bytes + " bytes, a matrix would have " + matrix);
            assertTrue(Arrays.stream(toDoubles(step.gradients)).anyMatch(value -> value != 0));
        }
    }

    @Test
    void whatIsFrozenHasNeitherCopyNorGradient() {
        try (RandomModel model = new RandomModel(4, HIDDEN, WIDE, 61, false); Kernels kernels = Kernels.open(null, 1)) {
            long before = Owner.liveBytes();
            try (Parameters none = new Parameters(model, _ -> false, kernels)) {
                assertEquals(before, Owner.liveBytes());
                assertEquals(List.of(), none.trained());
            }
            try (Parameters one = new Parameters(model, name -> name.equals("model.layers.2.mlp.up_proj.weight"), kernels)) {
                assertEquals(4L * HIDDEN * WIDE, Owner.liveBytes() - before, "a master");
                assertEquals(1, one.trained().size());
            }
            assertEquals(before, Owner.liveBytes());
        }
    }

    @Test
    void nothingIsKeptOfLayersBelowTheLowestTrainedNorOfALossAlone() {
        try (RandomModel model = new RandomModel(LAYERS, HIDDEN, WIDE, 61, true)) {
            Step all = step(model, _ -> true, (_, _) -> { }, false, 1, T), top = step(model, name -> name.startsWith("model.layers." + (LAYERS - 1) + "."), (_, _) -> { }, false, 1, T);
            assertTrue(top.bytes < all.bytes / 4, top.bytes + " of " + all.bytes);
            assertFalse(top.gradients.length == 0);
            try (Kernels kernels = Kernels.open(null, 1); Gradients gradients = new Gradients(kernels); Parameters parameters = new Parameters(model, _ -> true, kernels)) {
                long before = Owner.liveBytes();
                Owner.restartPeak();
                try (Trainer trainer = new Trainer(model.architecture, parameters, kernels, gradients)) {
                    assertEquals(all.loss, trainer.loss(List.of(model.batch(T))), 0, "the same bits, whether gradients are wanted or not");
                    assertTrue(Owner.peakBytes() - before < all.bytes / 4, Owner.peakBytes() - before + " of " + all.bytes);
                }
            }
        }
    }
}
