package io.graft.merge.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.memory.Tensor;
import io.graft.formats.json.Json;
import io.graft.formats.safetensors.SafetensorsFile;
import io.graft.tests.Fixtures;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fine-tuning runs of the fixtures through a configuration and its data files: losses, norms, and the written weights. */
class TrainRunFixturesTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"llama_full", "llama_middle_and_outer_in_turn", "qwen2_tied_embeddings", "qwen2_norms", "gemma2_norms_and_mlp", "cohere_full", "llama_bf16_full"})
    void runsLikeFloat64(String name) throws Exception {
        JsonObject run = Json.readObject(Fixtures.require("fixtures/train/manifest.json")).getAsJsonObject(name);
        JsonObject bounds = Json.readObject(Fixtures.require("fixtures/train/bounds.json")).getAsJsonObject(name);
        Path model = Fixtures.require("fixtures/checkpoints/" + Path.of(run.get("checkpoint").getAsString()).getFileName());
        int steps = run.get("steps").getAsInt();
        try (SafetensorsFile golden = SafetensorsFile.open(Fixtures.require("fixtures/train/" + name + ".safetensors"))) {
            TrainResult result = TrainRun.run(config(golden, run, model, steps), TrainOptions.defaults().withThreads(2), new TrainListener() {});
            double[] losses = doubles(golden.tensor("loss64")), norms = doubles(golden.tensor("grad_norm64"));
            for (int k = 0; k < steps; k++) {
                assertEquals(losses[k], result.steps().get(k).loss(), bounds.get("loss").getAsDouble() * losses[k], "the loss of step " + k);
                assertEquals(norms[k], result.steps().get(k).norm(), 2e-5 * norms[k], "the norm of step " + k);
            }
            try (SafetensorsFile written = SafetensorsFile.open(folder.resolve("out/model.safetensors")); SafetensorsFile base = SafetensorsFile.open(model.resolve("model.safetensors"))) {
                compare(bounds.getAsJsonObject("tensors"), golden, written, base);
            }
        }
    }

    private static void compare(JsonObject bounds, SafetensorsFile golden, SafetensorsFile written, SafetensorsFile base) {
        for (String tensor : base.tensors().keySet()) {
            if (!bounds.has(tensor)) {
                assertEquals(-1, base.tensor(tensor).segment().mismatch(written.tensor(tensor).segment()), tensor + " was not trained");
                continue;
            }
            double[] got = doubles(written.tensor(tensor)), want = doubles(golden.tensor("final64." + tensor));
            double difference = 0, size = 0;
            for (int i = 0; i < want.length; i++) {
                difference += (got[i] - want[i]) * (got[i] - want[i]);
                size += want[i] * want[i];
            }
            assertTrue(Math.sqrt(difference / size) <= bounds.get(tensor).getAsDouble(), tensor + ": " + Math.sqrt(difference / size) + ", bound " + bounds.get(tensor));
        }
    }

    /** Two micro-batches a step, in order; with a partition, those of its steps for each part. */
    private TrainConfig config(SafetensorsFile golden, JsonObject run, Path model, int steps) throws Exception {
        List<String> optimizers = new ArrayList<>();
        for (JsonElement each : run.getAsJsonArray("optimizers")) optimizers.add(each.getAsString());
        List<Object> parts = new ArrayList<>();
        int rows = 0;
        for (int part = 0; part < optimizers.size(); part++) {
            StringBuilder lines = new StringBuilder();
            for (int k = part; k < steps; k += optimizers.size())
                for (int i = 2 * k; i < 2 * k + 2; i++) rows = lines(golden, "batch." + i, lines);
            Path file = Files.writeString(folder.resolve("part" + part + ".jsonl"), lines.toString());
            parts.add(Map.of("trainable", List.of(optimizers.get(part)), "data", file));
        }
        List<Double> rates = new ArrayList<>();
        for (double rate : doubles(golden.tensor("lr"))) rates.add(rate);
        Map<String, Object> map = new LinkedHashMap<>(Map.of("model", model, "output", folder.resolve("out"), "partition", parts, "shuffle", false, "batch_size", rows, "gradient_accumulation", 2, "max_steps", steps));
        map.put("dtype", "float32");
        map.put("schedule", Map.of("name", "list", "rates", rates));
        map.put("optimizer", Map.of("betas", List.of(run.getAsJsonArray("betas").get(0).getAsDouble(), run.getAsJsonArray("betas").get(1).getAsDouble()), "eps", run.get("eps").getAsDouble(),
                "weight_decay", run.get("weight_decay").getAsDouble(), "clip", doubles(golden.tensor("clip"))[0]));
        return TrainConfig.of(map);
    }

    /** A batch as lines of ids and labels; how many rows it has. */
    private static int lines(SafetensorsFile golden, String batch, StringBuilder into) {
        int rows = (int) golden.tensor(batch + ".input_ids").shape().size(0), width = (int) golden.tensor(batch + ".input_ids").shape().size(1);
        double[] ids = doubles(golden.tensor(batch + ".input_ids")), labels = doubles(golden.tensor(batch + ".labels"));
        for (int row = 0; row < rows; row++)
            into.append("{\"ids\": ").append(integers(ids, row * width, (row + 1) * width)).append(", \"labels\": ").append(integers(labels, row * width, (row + 1) * width)).append("}\n");
        return rows;
    }

    private static String integers(double[] values, int from, int end) { return Arrays.toString(Arrays.stream(values, from, end).mapToInt(value -> (int) value).toArray()); }

    private static double[] doubles(Tensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.shape().elements())];
        for (int i = 0; i < values.length; i++)
            values[i] = switch (tensor.dtype()) {
                case F32 -> tensor.segment().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
                case F64 -> tensor.segment().get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 8L * i);
                case I64 -> tensor.segment().get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i);
                default -> throw new AssertionError(tensor);
            };
        return values;
    }
}
