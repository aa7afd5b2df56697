package io.graft.engine.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.engine.autograd.Parameter;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.formats.json.Json;
import io.graft.formats.peft.Adapter;
import io.graft.formats.peft.AdapterConfig;
import io.graft.formats.safetensors.SafetensorsFile;
import io.graft.formats.safetensors.SafetensorsModel;
import io.graft.merge.train.Adaptation;
import io.graft.tests.Fixtures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Eight steps of PEFT on every adapter of the fixtures: gradients of the first, everything trained after the last. */
class LoraFixturesTest {

    private static final String PREFIX = "base_model.model.";

    static List<String> adapters() { return new ArrayList<>(Json.readObject(Fixtures.require("fixtures/lora/manifest.json")).getAsJsonObject("adapters").keySet()); }

    @ParameterizedTest
    @MethodSource("adapters")
    void trainsLikePeft(String name) {
        Path folder = Fixtures.requireAll("fixtures/lora/" + name, "io.safetensors");
        JsonObject facts = Json.readObject(Fixtures.require("fixtures/lora/manifest.json")).getAsJsonObject("adapters").getAsJsonObject(name);
        JsonObject bounds = Json.readObject(Fixtures.require("fixtures/lora/bounds.json")).getAsJsonObject(name);
        String checkpoint = Path.of(facts.get("checkpoint").getAsString()).getFileName().toString();
        JsonObject config = Json.readObject(folder.resolve("adapter_config.json"));
        config.addProperty("lora_dropout", 0); // as in the fixtures' runs
        try (SafetensorsFile golden = SafetensorsFile.open(folder.resolve("io.safetensors"));
                Adapter adapter = Adapter.of(folder, AdapterConfig.of(name, config), SafetensorsModel.open(folder.resolve("adapter_model.safetensors")));
                Golden.Model model = Golden.Model.open(checkpoint); Kernels kernels = Kernels.open(null, 1); Gradients gradients = new Gradients(kernels);
                Parameters parameters = new Parameters(model.weights(), _ -> false, kernels);
                Trainer trainer = new Trainer(model.architecture(), parameters, kernels, gradients)) {
            Adaptation adaptation = Adaptation.of(adapter, model.weights().model());
            adaptation.apply(parameters, kernels);
            assertEquals(adaptation.trained().keySet(), parameters.trained().stream().map(Parameter::name).collect(Collectors.toSet()));
            try (AdamW optimizer = new AdamW(new AdamW.Settings(0.9, 0.999, 1e-8, facts.get("weight_decay").getAsDouble(), true, 0), parameters.trained(), kernels, gradients)) {
                double[] losses = Golden.doubles(golden, "loss64");
                for (int step = 0; step < losses.length; step++) {
                    double loss = trainer.gradients(List.of(Golden.batch(golden, "batch." + step + ".input_ids", "batch." + step + ".labels", null)));
                    assertEquals(losses[step], loss, bounds.get("loss").getAsDouble() * losses[step], "the loss of step " + step);
                    if (step == 0) compare(golden, "grad64.", parameters, true, null);
                    optimizer.step(1e-3);
                }
            }
            compare(golden, "trained64.", parameters, false, bounds.getAsJsonObject("tensors"));
        }
    }

    /** Every golden tensor but the base's own and the second name of a tied matrix must be there. */
    private static void compare(SafetensorsFile golden, String prefix, Parameters parameters, boolean gradients, JsonObject bounds) {
        double worst = 0;
        int compared = 0;
        for (Parameter each : parameters.trained()) {
            String name = PREFIX + each.name();
            if (!golden.tensors().containsKey(prefix + name)) name = name.replace(".bias", ".base_layer.bias");
            double distance = Golden.distance(Golden.doubles(gradients ? each.gradient() : each.value()), Golden.doubles(golden, prefix + name));
            double bound = gradients ? 2e-5 : bounds.get(name).getAsDouble();
            assertTrue(distance <= bound, prefix + name + ": " + distance + ", bound " + bound);
            worst = Math.max(worst, distance);
            compared++;
        }
        assertTrue(worst > 0);
        if (Boolean.getBoolean("graft.long")) System.err.println("lora " + prefix + ": worst " + worst);
        boolean tied = parameters.get("lm_head.weight") == null && golden.tensors().containsKey(prefix + PREFIX + "lm_head.weight");
        long expected = golden.tensors().keySet().stream().filter(each -> each.startsWith(prefix) && !each.endsWith(".base_layer.weight")).count();
        assertEquals(expected - (tied ? 1 : 0), compared);
    }
}
