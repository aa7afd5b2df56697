package io.graft.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.engine.memory.Owner;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelSources;
import io.graft.formats.weights.ModelWeights;
import io.graft.tests.Fixtures;
import io.graft.tests.Golden;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Adapters applied on the fly, against PEFT's live adapters in double. */
class AdaptedWeightsTest {

    static List<String> adapters() { return List.copyOf(Json.readObject(Fixtures.require("fixtures/lora/manifest.json")).getAsJsonObject("adapters").keySet()); }

    @ParameterizedTest
    @MethodSource("adapters")
    void logitsAreThoseOfTheLiveAdapter(String name) {
        Path folder = Fixtures.requireAll("fixtures/lora", "bounds.json", name + "/io.safetensors");
        JsonObject entry = Json.readObject(folder.resolve("manifest.json")).getAsJsonObject("adapters").getAsJsonObject(name);
        double bound = Json.readObject(folder.resolve("bounds.json")).getAsJsonObject(name).get("logits").getAsDouble();
        Golden golden = new Golden(folder.resolve(name).resolve("io.safetensors"));
        ModelSource source = ModelSources.open(folder.resolve(entry.get("checkpoint").getAsString()) + "+" + folder.resolve(name));
        int texts = golden.shape("input_ids")[0], length = golden.shape("input_ids")[1];
        double worst = 0;
        try (CausalLm model = new CausalLm(Architectures.of(name, source.config()), ModelWeights.of(source), TestKernels.SHARED); Session session = model.session()) {
            for (int text = 0; text < texts; text++) {
                int[] ids = Arrays.copyOfRange(golden.ints("input_ids"), text * length, (text + 1) * length);
                float[][] logits = CausalLmTest.logits(session, ids, null);
                for (int t = 0; t < length; t++) {
                    double[] truth = golden.row("logits64", text * length + t);
                    for (int v = 0; v < truth.length; v++) worst = Math.max(worst, Math.abs(truth[v] - logits[t][v]));
                }
            }
        }
        System.out.printf("lora %s: largest difference %.2g, bound %.2g%n", name, worst, bound);
        assertTrue(worst <= bound, name + ": " + worst);
    }

    @Test
    void theBaseStaysMappedAndOnlyTheFactorsAreAllocated() {
        Path folder = Fixtures.require("fixtures/lora/llama_all").getParent();
        long before = Owner.liveBytes();
        ModelSource source = ModelSources.open(folder.resolve("../checkpoints/llama") + "+" + folder.resolve("llama_all"));
        long factors = new Golden(folder.resolve("llama_all/adapter_model.safetensors")).bytes().capacity();
        try (WeightSource weights = ModelWeights.of(source)) {
            for (String name : weights.names()) {
                assertTrue(weights.tensor(name).isMapped(), name);
                weights.update(name);
            }
            assertEquals(factors, Owner.liveBytes() - before);
        }
        assertEquals(before, Owner.liveBytes());
    }
}
