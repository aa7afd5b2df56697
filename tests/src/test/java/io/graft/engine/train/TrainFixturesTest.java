package io.graft.engine.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.autograd.Parameter;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.formats.json.Json;
import io.graft.formats.safetensors.SafetensorsFile;
import io.graft.tests.Fixtures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Fine-tuning runs of the fixtures, step by step: losses, norms, every trained tensor after the last step. */
class TrainFixturesTest {

    static List<String> runs() { return new ArrayList<>(Json.readObject(Fixtures.require("fixtures/train/manifest.json")).keySet()); }

    @ParameterizedTest
    @MethodSource("runs")
    void runsLikeFloat64(String name) {
        JsonObject run = Json.readObject(Fixtures.require("fixtures/train/manifest.json")).getAsJsonObject(name);
        JsonObject bounds = Json.readObject(Fixtures.require("fixtures/train/bounds.json")).getAsJsonObject(name);
        List<String> optimizers = new ArrayList<>();
        for (JsonElement each : run.getAsJsonArray("optimizers")) optimizers.add(each.getAsString());
        String checkpoint = Path.of(run.get("checkpoint").getAsString()).getFileName().toString();
        try (SafetensorsFile golden = SafetensorsFile.open(Fixtures.require("fixtures/train/" + name + ".safetensors")); Golden.Model model = Golden.Model.open(checkpoint);
                Kernels kernels = Kernels.open(null, 2); Gradients gradients = new Gradients(kernels)) {
            Trainable any = weight -> optimizers.stream().anyMatch(weight::matches);
            AdamW.Settings settings = new AdamW.Settings(run.getAsJsonArray("betas").get(0).getAsDouble(), run.getAsJsonArray("betas").get(1).getAsDouble(), run.get("eps").getAsDouble(),
                    run.get("weight_decay").getAsDouble(), false, Golden.doubles(golden, "clip")[0]);
            try (Parameters parameters = new Parameters(model.weights(), any, kernels); Trainer trainer = new Trainer(model.architecture(), parameters, kernels, gradients)) {
                List<AdamW> each = new ArrayList<>();
                for (String regex : optimizers)
                    each.add(new AdamW(settings, parameters.trained().stream().filter(parameter -> parameter.name().matches(regex)).toList(), kernels, gradients));
                steps(golden, bounds.get("loss").getAsDouble(), run.get("steps").getAsInt(), trainer, each);
                compare(golden, bounds.getAsJsonObject("tensors"), parameters);
                each.forEach(AdamW::close);
            }
        }
    }

    private static void steps(SafetensorsFile golden, double bound, int steps, Trainer trainer, List<AdamW> optimizers) {
        double[] losses = Golden.doubles(golden, "loss64"), norms = Golden.doubles(golden, "grad_norm64"), rates = Golden.doubles(golden, "lr");
        boolean packed = golden.tensors().containsKey("batch.0.position_ids");
        for (int k = 0; k < steps; k++) {
            List<TrainBatch> batches = new ArrayList<>();
            for (int i = 2 * k; i < 2 * k + 2; i++)
                batches.add(Golden.batch(golden, "batch." + i + ".input_ids", "batch." + i + ".labels", packed ? "batch." + i + ".position_ids" : null));
            assertEquals(losses[k], trainer.gradients(batches), bound * losses[k], "the loss of step " + k);
            // The norm's relative error is at most that of its worst tensor: 2e-5, as for gradients alone.
            assertEquals(norms[k], optimizers.get(k % optimizers.size()).step(rates[k]), 2e-5 * norms[k], "the gradient's norm at step " + k);
        }
    }

    private static void compare(SafetensorsFile golden, JsonObject bounds, Parameters parameters) {
        int compared = 0;
        for (Parameter each : parameters.trained()) {
            double distance = Golden.distance(Golden.doubles(each.value()), Golden.doubles(golden, "final64." + each.name()));
            double bound = bounds.get(each.name()).getAsDouble();
            assertTrue(distance <= bound, each.name() + ": " + distance + ", bound " + bound);
            compared++;
        }
        assertEquals(bounds.size(), compared);
        assertNull(parameters.get("nothing of this name"));
    }
}
