package io.graft.engine.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.engine.autograd.Parameter;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Tensor;
import io.graft.formats.json.Json;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.peft.Adapter;
import io.graft.formats.peft.AdapterConfig;
import io.graft.formats.peft.LoraPair;
import io.graft.formats.safetensors.SafetensorsFile;
import io.graft.formats.safetensors.SafetensorsModel;
import io.graft.tests.Fixtures;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Eight steps of PEFT on adapters of linear maps: gradients of the first, every factor after the last. */
class LoraFixturesTest {

    private static final String PREFIX = "base_model.model.";

    @ParameterizedTest
    @ValueSource(strings = {"llama_all", "llama_regex", "llama_excluded", "falcon3_all_linear", "cohere_all", "qwen2_rslora", "qwen2_patterns"})
    void trainsLikePeft(String name) {
        Path folder = Fixtures.require("fixtures/lora/" + name);
        JsonObject facts = Json.readObject(Fixtures.require("fixtures/lora/manifest.json")).getAsJsonObject("adapters").getAsJsonObject(name);
        JsonObject bounds = Json.readObject(Fixtures.require("fixtures/lora/bounds.json")).getAsJsonObject(name);
        String checkpoint = Path.of(facts.get("checkpoint").getAsString()).getFileName().toString();
        try (SafetensorsFile golden = SafetensorsFile.open(folder.resolve("io.safetensors"));
                Adapter adapter = Adapter.of(folder, AdapterConfig.read(folder.resolve("adapter_config.json")), SafetensorsModel.open(folder.resolve("adapter_model.safetensors")));
                Golden.Model model = Golden.Model.open(checkpoint); Kernels kernels = Kernels.open(null, 2); Gradients gradients = new Gradients(kernels);
                Parameters parameters = new Parameters(model.weights(), _ -> false, kernels);
                Trainer trainer = new Trainer(model.architecture(), parameters, kernels, gradients)) {
            for (LoraPair pair : adapter.pairs().values())
                try (Tensor a = whole(pair.a()); Tensor b = whole(pair.b())) {
                    parameters.adapt(pair.module(), new Parameters.Update(a, b, (float) pair.scale()), kernels);
                }
            try (AdamW optimizer = new AdamW(new AdamW.Settings(0.9, 0.999, 1e-8, facts.get("weight_decay").getAsDouble(), true, 0), parameters.trained(), kernels, gradients)) {
                double[] losses = Golden.doubles(golden, "loss64");
                for (int step = 0; step < losses.length; step++) {
                    double loss = trainer.gradients(List.of(Golden.batch(golden, "batch." + step + ".input_ids", "batch." + step + ".labels", null)));
                    assertEquals(losses[step], loss, bounds.get("loss").getAsDouble() * losses[step], "the loss of step " + step);
                    if (step == 0) compare(golden, "grad64.", parameters, true, null);
                    optimizer.step(1e-3);
                }
            }
            assertEquals(bounds.getAsJsonObject("tensors").size(), compare(golden, "trained64.", parameters, false, bounds.getAsJsonObject("tensors")));
        }
    }

    private static int compare(SafetensorsFile golden, String prefix, Parameters parameters, boolean gradients, JsonObject bounds) {
        int compared = 0;
        for (Parameter each : parameters.trained()) {
            String name = PREFIX + each.name();
            double distance = Golden.distance(Golden.doubles(gradients ? each.gradient() : each.value()), Golden.doubles(golden, prefix + name));
            double bound = gradients ? 2e-5 : bounds.get(name).getAsDouble();
            assertTrue(distance <= bound, prefix + name + ": " + distance + ", bound " + bound);
            compared++;
        }
        return compared;
    }

    private static Tensor whole(SourceTensor source) {
        Tensor tensor = Tensor.allocate(source.name(), DType.F32, source.shape());
        source.readF32(0, source.shape().elements(), tensor.segment());
        return tensor;
    }
}
