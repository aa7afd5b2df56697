package io.graft.engine.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.engine.autograd.Parameter;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.formats.json.Json;
import io.graft.formats.safetensors.SafetensorsFile;
import io.graft.tests.Fixtures;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The gradient of every parameter of every family, against float64. */
class GradientFixturesTest {

    @ParameterizedTest
    @ValueSource(strings = {"cohere", "falcon3", "gemma2", "gemma3", "llama", "llama3_rope", "llama_mha", "mistral", "qwen2", "qwen3", "smollm"})
    void gradientsOfEveryParameter(String name) {
        JsonObject manifest = Json.readObject(Fixtures.require("fixtures/arch/manifest.json")).getAsJsonObject("checkpoints").getAsJsonObject(name);
        double bound = manifest.getAsJsonObject("gradients").get("bound").getAsDouble(), worst = 0;
        String where = "";
        try (SafetensorsFile golden = SafetensorsFile.open(Fixtures.require("fixtures/arch/" + name + ".safetensors")); Golden.Model model = Golden.Model.open(name);
                Kernels kernels = Kernels.open(null, 1); Gradients gradients = new Gradients(kernels); Parameters parameters = new Parameters(model.weights(), _ -> true, kernels);
                Trainer trainer = new Trainer(model.architecture(), parameters, kernels, gradients)) {
            double loss = trainer.gradients(List.of(Golden.batch(golden, "input_ids", "labels", null)));
            double truth = Golden.doubles(golden, "loss64")[0];
            assertEquals(truth, loss, 3e-6 * truth, "the loss, bounded as in the fixtures of training");
            List<Parameter> trained = parameters.trained();
            assertEquals(model.weights().names().size(), trained.size());
            for (Parameter each : trained) {
                double distance = Golden.distance(Golden.doubles(each.gradient()), Golden.doubles(golden, "grad64." + each.name()));
                if (distance > worst) {
                    worst = distance;
                    where = each.name();
                }
            }
        }
        if (Boolean.getBoolean("graft.long")) System.err.println("arch " + name + ": worst " + worst + " at " + where);
        assertTrue(worst > 0 && worst <= bound, name + ": " + worst + " at " + where + ", bound " + bound);
    }
}
