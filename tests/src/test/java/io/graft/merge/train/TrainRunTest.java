package io.graft.merge.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelSources;
import io.graft.formats.safetensors.SafetensorsFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainRunTest {

    @TempDir
    Path folder;
    private Tiny tiny;

    @BeforeEach
    void data() { tiny = new Tiny(folder); }

    /** Threads and kernels change nothing: neither weights nor metrics. */
    @Test
    void anyThreadsAndKernelsGiveTheSameBytes() {
        tiny.run(tiny.config("right", "validation", tiny.path("v.jsonl"), "validation_steps", 10));
        assertTrue(tiny.metrics("right").size() == 23);
        for (String kernels : new String[] {"vector", "scalar"})
            for (int threads : new int[] {1, 2, 4}) {
                String out = kernels + threads;
                TrainRun.run(tiny.config(out, "validation", tiny.path("v.jsonl"), "validation_steps", 10), TrainOptions.defaults().withThreads(threads).withKernels(kernels), new Tiny.Heard());
                assertArrayEquals(tiny.weights("right"), tiny.weights(out), out);
                assertEquals(tiny.metrics("right"), tiny.metrics(out));
            }
    }

    @Test
    void itLearns() {
        TrainResult result = tiny.run(tiny.config("out", "max_steps", 60, "validation", tiny.path("v.jsonl")));
        assertTrue(result.completed());
        assertEquals(60, result.steps().size());
        assertTrue(result.validationLoss() < 0.5 * result.validations().getFirst().loss(), result.validations()::toString);
        assertFalse(Files.exists(folder.resolve("out.train/checkpoints")), "checkpoints go when it has ended");
    }

    /** One batch of four rows, two of two and four of one: the same loss but for rounding. */
    @Test
    void accumulationIsNormalisedByTokens() {
        double whole = tiny.run(tiny.config("1x4", "batch_size", 4, "gradient_accumulation", 1, "max_steps", 5)).loss();
        double single = tiny.run(tiny.config("4x1", "batch_size", 1, "gradient_accumulation", 4, "max_steps", 5)).loss();
        assertEquals(whole, single, 1e-5 * whole);
    }

    @Test
    void whatIsNotTrainedStaysBitForBit() {
        tiny.run(tiny.config("base", "max_steps", 2, "dtype", "bfloat16"));
        tiny.run(tiny.config("out", "model", tiny.path("base"), "trainable", Map.of("layers", List.of(1), "modules", List.of("mlp"))));
        try (SafetensorsFile base = SafetensorsFile.open(folder.resolve("base/model.safetensors")); SafetensorsFile out = SafetensorsFile.open(folder.resolve("out/model.safetensors"))) {
            assertEquals(base.tensors().keySet(), out.tensors().keySet());
            for (String name : base.tensors().keySet()) {
                boolean trained = name.startsWith("model.layers.1.mlp.");
                assertEquals(base.tensor(name).dtype(), out.tensor(name).dtype());
                assertEquals(trained, base.tensor(name).segment().mismatch(out.tensor(name).segment()) >= 0, name);
            }
        }
    }

    /** With a rate of zero the master is the weight itself, and rounding it once gives it back. */
    @Test
    void aRateOfZeroGivesTheModelBack() {
        tiny.run(tiny.config("base", "max_steps", 2, "dtype", "bfloat16"));
        tiny.run(tiny.config("out", "model", tiny.path("base"), "optimizer", Map.of("lr", 0)));
        assertArrayEquals(tiny.weights("base"), tiny.weights("out"));
    }

    @Test
    void partsAreTrainedInTurnEachWithItsOwnData() {
        Object parts = List.of(Map.of("trainable", List.of("model\\.layers\\.0\\..*"), "data", tiny.path("a.jsonl")), Map.of("trainable", Map.of("layers", "1"), "data", tiny.path("b.jsonl")));
        TrainResult result = tiny.run(tiny.config("out", "partition", parts, "data", null, "max_steps", 7));
        assertEquals(List.of(0, 1, 0, 1, 0, 1, 0), result.steps().stream().map(TrainListener.Step::part).toList());
        assertEquals(4 * 4 / 40.0, result.steps().getLast().epoch(), "four steps of four rows out of 40");
        // Each part has its own schedule: four steps of the first, two of them warm-up.
        assertEquals(List.of(0.0, 0.0, 2.5e-3, 2.5e-3), result.steps().stream().limit(4).map(TrainListener.Step::rate).toList());
        Object overlap = List.of(Map.of("trainable", "all", "data", tiny.path("a.jsonl")), Map.of("trainable", Map.of("layers", "1"), "data", tiny.path("b.jsonl")));
        String told = assertThrows(RequestException.class, () -> tiny.run(tiny.config("out2", "partition", overlap, "data", null))).getMessage();
        assertTrue(told.contains("partition.1.trainable") && told.contains("in two parts"), told);
    }

    @Test
    void aPartMayHaveItsOwnOptimizerAndSchedule() {
        Map<String, Object> first = Map.of("trainable", Map.of("layers", "0"), "data", tiny.path("a.jsonl"), "schedule", Map.of("name", "list", "rates", List.of(1e-3, 2e-3)));
        Map<String, Object> second = new HashMap<>(Map.of("trainable", Map.of("layers", "1"), "data", tiny.path("b.jsonl"), "schedule", Map.of("name", "constant")));
        TrainResult plain = tiny.run(tiny.config("plain", "partition", List.of(first, second), "data", null, "max_steps", 3));
        assertEquals(List.of(1e-3, 5e-3, 2e-3), plain.steps().stream().map(TrainListener.Step::rate).toList());
        second.put("optimizer", Map.of("lr", 1e-2, "weight_decay", 0.5));
        TrainResult own = tiny.run(tiny.config("own", "partition", List.of(first, second), "data", null, "max_steps", 3));
        assertEquals(List.of(1e-3, 1e-2, 2e-3), own.steps().stream().map(TrainListener.Step::rate).toList());
        assertEquals(plain.steps().get(1).loss(), own.steps().get(1).loss(), 0, "until the second part's own first step all is the same");
        assertNotEquals(plain.steps().get(2).loss(), own.steps().get(2).loss());
        String told = assertThrows(RequestException.class, () -> tiny.run(tiny.config("more", "partition", List.of(first, second), "data", null, "max_steps", 5))).getMessage();
        assertTrue(told.contains("partition.0.schedule.rates") && told.contains("3 of them"), told);
    }

    @Test
    void gradientsAreThoseOfThePartThatTrains() {
        List<Map<String, Object>> parts = List.of(Map.of("trainable", Map.of("layers", "0"), "data", tiny.path("a.jsonl")), Map.of("trainable", Map.of("layers", "1"), "data", tiny.path("b.jsonl")));
        TrainOutline outline = TrainRun.outline(tiny.config("out", "partition", parts, "data", null), new TrainListener() { });
        assertEquals(List.of(4 * outline.trained(), 2 * outline.trained(), 8 * outline.trained()), outline.memory().stream().limit(3).map(TrainOutline.Bytes::bytes).toList(), "two layers of one size");
    }

    @Test
    void packingFillsRowsAndEpochsCountExamples() {
        TrainResult padded = tiny.run(tiny.config("padded", "max_steps", null, "epochs", 1));
        assertEquals(10, padded.steps().size(), "40 examples, 4 rows a step");
        assertEquals(1, padded.steps().getLast().epoch());
        TrainResult packed = tiny.run(tiny.config("packed", "max_steps", null, "epochs", 1, "packing", true, "max_length", 32));
        assertTrue(packed.steps().size() <= 5, "fewer, fuller rows: " + packed.steps().size());
        assertTrue(packed.steps().getLast().epoch() >= 1);
        assertTrue(packed.steps().stream().allMatch(step -> step.tokens() <= 4 * 32));
    }

    @Test
    void whatIsCutOffIsTold() {
        Tiny.Heard heard = new Tiny.Heard();
        tiny.write("long.jsonl", "{\"ids\": [1, 2, 3, 4, 5, 6, 7]}\n{\"ids\": [1, 2, 3, 4, 5, 6], \"labels\": [-100, -100, -100, -100, -100, 6]}\n");
        TrainOutline outline = TrainRun.outline(tiny.config("out", "data", tiny.path("long.jsonl"), "max_length", 5), heard);
        assertEquals(new TrainOutline.Data(1, 5, 1, 2, 1, 5), outline.parts().getFirst());
        assertTrue(heard.warnings.getFirst().contains("1 of 2 examples are longer than max_length 5; 2 tokens were cut off"), heard.warnings::toString);
        assertTrue(heard.warnings.get(1).contains("1 examples were left out"), heard.warnings::toString);
        assertFalse(Files.exists(folder.resolve("out.train")), "an outline writes nothing");
        tiny.write("longer.jsonl", "{\"ids\": " + Arrays.toString(new int[70]) + "}\n");
        TrainRun.outline(tiny.config("out", "data", tiny.path("longer.jsonl"), "max_length", 1000), heard);
        assertTrue(heard.warnings.getLast().contains("70 tokens, and the model's config announces 64 positions"), heard.warnings::toString);
    }

    @Test
    void whatPlanningFindsIsARequestAndNothingIsWritten() {
        assertMistake("matches no weight of the model", tiny.config("out", "trainable", List.of("model\\.layer\\..*")));
        assertMistake("the model has no layer 2", tiny.config("out", "trainable", Map.of("layers", "0-2")));
        assertMistake("nothing is trained", tiny.config("out", "trainable", Map.of("embeddings", false)));
        assertMistake("too few; expected 20 of them", tiny.config("out", "schedule", Map.of("name", "list", "rates", List.of(1, 2))));
        tiny.write("odd.jsonl", "{\"ids\": [1, 61]}\n");
        assertMistake("a token that the model does not have", tiny.config("out", "data", tiny.path("odd.jsonl")));
        assertMistake("no such file of training data", tiny.config("out", "data", tiny.path("missing.jsonl")));
        assertFalse(Files.exists(folder.resolve("out")));
        assertFalse(Files.exists(folder.resolve("out.train")));
    }

    private void assertMistake(String what, TrainConfig config) {
        String told = assertThrows(RequestException.class, () -> tiny.run(config)).getMessage();
        assertTrue(told.contains(what), told);
    }

    @Test
    void aLossThatIsNotFiniteEndsItOrIsLeftOut() {
        tiny.run(tiny.config("base", "max_steps", 1));
        // A rate so large that the weights overflow: nothing of it is a good state.
        RunException failed = assertThrows(RunException.class, () -> tiny.run(tiny.config("out", "optimizer", Map.of("lr", 1e30), "schedule", Map.of("name", "constant"), "checkpoint_steps", 1)));
        assertTrue(failed.getMessage().contains("not finite") && failed.hint().contains("last good state is"), failed + " " + failed.hint());
        assertFalse(Files.exists(folder.resolve("out")));
        TrainResult skipped = tiny.run(tiny.config("skipped", "optimizer", Map.of("lr", 1e30), "schedule", Map.of("name", "constant"), "on_non_finite", "skip", "max_steps", 4));
        assertTrue(skipped.completed());
        assertTrue(skipped.steps().getLast().skipped());
        assertTrue(tiny.metrics("skipped").getLast().contains("\"skipped\": true") || tiny.metrics("skipped").getLast().contains("\"skipped\":true"), tiny.metrics("skipped")::toString);
    }

    @Test
    void theBestByValidationIsKeptAndItStopsEarly() {
        // A rate that learns, then one that destroys: the best is in between.
        List<Double> rates = new java.util.ArrayList<>();
        for (int step = 0; step < 20; step++) rates.add(step < 8 ? 5e-3 : 0.5);
        Object[] more = {"validation", tiny.path("v.jsonl"), "validation_steps", 2, "select", "best", "early_stop", Map.of("patience", 2), "schedule", Map.of("name", "list", "rates", rates)};
        TrainResult result = tiny.run(tiny.config("best", more));
        int best = result.outputStep();
        assertTrue(best >= 6 && best <= 8, "best " + best);
        assertEquals(best + 4, result.steps().size(), "two validations without improvement");
        tiny.run(tiny.config("short", "max_steps", best, "schedule", Map.of("name", "list", "rates", rates)));
        assertArrayEquals(tiny.weights("short"), tiny.weights("best"));
    }

    @Test
    void anOutputThatIsThereIsNotReplaced() throws Exception {
        tiny.run(tiny.config("out", "max_steps", 1));
        byte[] before = tiny.weights("out");
        assertTrue(assertThrows(RequestException.class, () -> tiny.run(tiny.config("out", "max_steps", 2))).getMessage().contains("not empty"));
        TrainRun.run(tiny.config("out", "max_steps", 3), TrainOptions.defaults().withForce(true), new Tiny.Heard());
        assertNotEquals(-1, Arrays.mismatch(before, tiny.weights("out")));
        assertEquals(3, tiny.metrics("out").size());
    }

    @Test
    void aModelFromScratchIsTheSameEverywhere() {
        TrainConfig config = tiny.config("out", "optimizer", Map.of("lr", 0), "max_steps", 1);
        tiny.run(config);
        try (ModelSource model = ModelSources.open(tiny.path("out")); SafetensorsFile file = SafetensorsFile.open(folder.resolve("out/model.safetensors"))) {
            assertEquals(21, model.tensors().size());
            double sum = 0, squares = 0;
            var embedding = file.tensor("model.embed_tokens.weight").segment();
            for (int i = 0; i < 61 * 32; i++) {
                double value = embedding.get(java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
                sum += value;
                squares += value * value;
            }
            // Mean and deviation of 1952 draws, each within five of its own deviations.
            assertEquals(0, sum / 1952, 5 * 0.05 / Math.sqrt(1952));
            assertEquals(0.05, Math.sqrt(squares / 1952), 5 * 0.05 / Math.sqrt(2 * 1952));
            assertEquals(1f, file.tensor("model.norm.weight").segment().get(java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED, 0));
        }
        // Pieces of any size are the same numbers.
        try (FreshModel fresh = new FreshModel(config.model().fresh()); var arena = java.lang.foreign.Arena.ofConfined()) {
            var tensor = fresh.tensors().get("lm_head.weight");
            var whole = arena.allocate(4 * 61 * 32);
            var piece = arena.allocate(4 * 7);
            tensor.readF32(0, 61 * 32, whole);
            tensor.readF32(101, 7, piece);
            assertEquals(-1, piece.mismatch(whole.asSlice(4 * 101, 4 * 7)));
        }
    }

    @Test
    void anAdapterIsTrainedOnOrBakedIn() {
        tiny.run(tiny.config("base", "max_steps", 5));
        Map<String, Object> lora = Map.of("r", 2, "alpha", 4, "targets", List.of("q_proj", "down_proj"));
        TrainResult first = tiny.run(tiny.config("adapter", "model", tiny.path("base"), "lora", lora));
        assertTrue(Files.exists(folder.resolve("adapter/adapter_config.json")));
        // A rate of zero: the adapter comes back, and so does the first loss of the adapted model.
        TrainResult on = tiny.run(tiny.config("on", "model", tiny.path("base") + "+" + tiny.path("adapter"), "optimizer", Map.of("lr", 0), "max_steps", 1, "validation", tiny.path("v.jsonl")));
        try (SafetensorsFile a = SafetensorsFile.open(folder.resolve("adapter/adapter_model.safetensors")); SafetensorsFile b = SafetensorsFile.open(folder.resolve("on/adapter_model.safetensors"))) {
            assertEquals(a.tensors().keySet(), b.tensors().keySet());
            assertEquals(8, a.tensors().size());
            for (String name : a.tensors().keySet()) assertEquals(-1, a.tensor(name).segment().mismatch(b.tensor(name).segment()), name);
        }
        TrainResult baked = tiny.run(tiny.config("baked", "model", tiny.path("base") + "+" + tiny.path("adapter"), "lora", lora, "optimizer", Map.of("lr", 0), "max_steps", 1, "validation", tiny.path("v.jsonl")));
        assertEquals(on.validationLoss(), baked.validationLoss(), 1e-5, "a fresh adapter changes nothing, and the first one is in the weights");
        assertTrue(first.loss() < first.steps().getFirst().loss());
        assertTrue(assertThrows(RequestException.class, () -> tiny.run(tiny.config("x", "model", tiny.path("base"), "lora", lora, "trainable", List.of("model\\.norm.*")))).getMessage().contains("matches no weight"));
    }
}
