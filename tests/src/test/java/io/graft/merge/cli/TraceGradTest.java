package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import io.graft.tests.Fixtures;
import io.graft.tests.GoldenTensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code graft trace --grad} against float64, through the command. */
class TraceGradTest {

    @TempDir
    Path folder;

    /** The two rows of the fixtures' batch, one a run: their gradients, weighed by what each counts, are that of the batch. Bounds: the manifest's. */
    @ParameterizedTest
    @ValueSource(strings = {"llama", "qwen2", "gemma2"})
    void gradientsAreThoseOfTheFixtures(String name) {
        JsonObject manifest = Json.readObject(Fixtures.require("fixtures/arch/manifest.json")).getAsJsonObject("checkpoints").getAsJsonObject(name);
        Path file = Fixtures.require("fixtures/arch/" + name + ".safetensors");
        Map<String, long[]> integers = GoldenTensors.integers(file);
        Map<String, float[]> golden = GoldenTensors.read(file);
        long[] ids = integers.get("input_ids"), labels = integers.get("labels");
        int width = ids.length / 2;
        double[] counted = new double[2];
        java.util.List<Map<String, float[]>> rows = new java.util.ArrayList<>();
        for (int row = 0; row < 2; row++) {
            Path out = folder.resolve(row + ".safetensors");
            CommandLineRun run = CommandLineRun.of("trace", Fixtures.require("fixtures/checkpoints/" + name).toString(), "--ids", text(ids, row, width), "--labels", text(labels, row, width),
                    "--grad", "--out", out.toString(), "--json", "--threads", "1");
            assertEquals(0, run.status(), run.err());
            assertTrue(Json.parse("stdout", run.out()).getAsJsonObject().getAsJsonObject("tensors").has("grad.model.norm.weight"));
            rows.add(GoldenTensors.read(out));
            for (int t = 1; t < width; t++) if (labels[row * width + t] >= 0) counted[row]++;
        }
        double all = counted[0] + counted[1], loss = 0;
        for (int row = 0; row < 2; row++) loss += counted[row] / all * rows.get(row).get("loss")[0];
        assertEquals(golden.get("loss")[0], loss, 3e-6 * loss);
        int compared = 0;
        for (Map.Entry<String, float[]> each : golden.entrySet()) {
            if (!each.getKey().startsWith("grad64.")) continue;
            float[] truth = each.getValue(), first = rows.get(0).get("grad." + each.getKey().substring(7)), second = rows.get(1).get("grad." + each.getKey().substring(7));
            double difference = 0, size = 0;
            for (int i = 0; i < truth.length; i++) {
                double got = (counted[0] * first[i] + counted[1] * second[i]) / all;
                difference += (got - truth[i]) * (got - truth[i]);
                size += (double) truth[i] * truth[i];
            }
            assertTrue(Math.sqrt(difference / size) <= manifest.getAsJsonObject("gradients").get("bound").getAsDouble(), each.getKey() + ": " + Math.sqrt(difference / size));
            compared++;
        }
        assertEquals(rows.get(0).keySet().stream().filter(key -> key.startsWith("grad.")).count(), compared);
    }

    /** An adapter's gradients are those of the merged weights; without labels the ids are predicted. */
    @Test
    void anAdaptedModelAndNoLabels() {
        Path base = Fixtures.require("fixtures/checkpoints/llama"), adapter = Fixtures.require("fixtures/lora/llama_all"), merged = folder.resolve("merged");
        assertEquals(0, CommandLineRun.of("convert", base + "+" + adapter, merged.toString()).status());
        Map<String, float[]> live = trace(base + "+" + adapter), written = trace(merged.toString());
        assertEquals(written.keySet(), live.keySet());
        written.forEach((name, values) -> {
            if (name.startsWith("grad.")) assertEquals(0, java.util.Arrays.mismatch(values, live.get(name)) + 1, name + ": the same weights, so the same bits");
        });
    }

    private Map<String, float[]> trace(String model) {
        Path out = folder.resolve("out.safetensors");
        CommandLineRun run = CommandLineRun.of("trace", model, "--ids", "5 9 200 31", "--grad", "--out", out.toString());
        assertEquals(0, run.status(), run.err());
        return GoldenTensors.read(out);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--labels|1 2", "--labels|1 2 300", "--labels|1 -100 -100", "--labels|1 2 x", "--float64-reference"})
    void wrongLabelsAreRefused(String options) {
        Path out = folder.resolve("none.safetensors");
        String[] words = ("trace|" + Fixtures.require("fixtures/checkpoints/llama") + "|--ids|1 2 3|--grad|--out|" + out + "|" + options).split("\\|");
        CommandLineRun run = CommandLineRun.of(words);
        assertEquals(2, run.status(), run.err());
        assertTrue(run.err().contains(words[7]), run.err());
        assertFalse(Files.exists(out));
    }

    private static String text(long[] values, int row, int width) {
        return LongStream.of(values).skip((long) row * width).limit(width).mapToObj(Long::toString).collect(Collectors.joining(" "));
    }
}
