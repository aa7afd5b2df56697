package io.graft.formats.peft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import io.graft.formats.json.Json;
import io.graft.formats.model.SourceTensor;
import io.graft.tests.Fixtures;
import io.graft.tests.GoldenTensors;
import io.graft.tests.MemoryModel;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class AdaptedModelTest {

    /** Those whose base and merged weights are small enough to be committed: one of each kind but DoRA on embeddings. */
    private static final String[] COMMITTED = {"qwen2_patterns", "qwen2_adapted_head", "qwen2_trained_bias", "qwen2_dora"};

    @Test
    void mergedWeightsOfTheCommittedAdaptersAreTheReferences() {
        for (String name : COMMITTED) compare(Fixtures.requireCommitted("fixtures/lora/" + name), Fixtures.requireCommitted("fixtures/checkpoints/qwen2"));
    }

    @Test
    void mergedWeightsOfAllAdaptersAreTheReferences() {
        Path lora = Fixtures.require("fixtures/lora");
        JsonObject all = Json.readObject(lora.resolve("manifest.json")).getAsJsonObject("adapters");
        int compared = 0;
        for (String name : all.keySet()) {
            Path checkpoint = lora.resolve(all.getAsJsonObject(name).get("checkpoint").getAsString());
            if (!Files.exists(checkpoint.resolve("model.safetensors")) || !Files.exists(lora.resolve(name))) continue;
            if (Files.exists(lora.resolve(name).resolve("merged.safetensors"))) {
                compare(lora.resolve(name), checkpoint);
                compared++;
            } else
                try (AdaptedModel model = open(lora.resolve(name), MemoryModel.read(checkpoint.resolve("model.safetensors")))) {
                    assertTrue(model.notes().isEmpty(), name + model.notes());
                    assertFalse(model.adapter().pairs().isEmpty(), name);
                }
        }
        assertTrue(compared >= COMMITTED.length, compared + " adapters compared");
    }

    /** 1e-6 of the tensor's largest magnitude (fixtures/lora/README.md); and exactly the reference's set of tensors differs from the base. */
    private static void compare(Path adapter, Path checkpoint) {
        Map<String, float[]> merged = GoldenTensors.read(adapter.resolve("merged.safetensors"));
        MemoryModel base = MemoryModel.read(checkpoint.resolve("model.safetensors"));
        try (AdaptedModel model = open(adapter, base)) {
            TreeSet<String> changed = new TreeSet<>();
            model.tensors().forEach((name, tensor) -> {
                if (base.tensors().get(name) != tensor) changed.add(name);
            });
            assertEquals(new TreeSet<>(merged.keySet()), changed, adapter.toString());
            merged.forEach((name, expected) -> {
                SourceTensor tensor = model.tensors().get(name);
                assertEquals(name, tensor.name());
                float[] got = read(tensor, 0, tensor.shape().elements());
                double largest = 0;
                for (float each : expected) largest = Math.max(largest, Math.abs(each));
                for (int i = 0; i < expected.length; i++) assertEquals(expected[i], got[i], 1e-6 * largest, adapter + " " + name + " " + i);
                int first = expected.length / 3, count = expected.length / 2;
                float[] part = read(tensor, first, count);
                for (int i = 0; i < count; i++) assertEquals(got[first + i], part[i], name);
            });
            if (merged.containsKey("lm_head.weight")) assertFalse(model.config().get("tie_word_embeddings").getAsBoolean());
            else assertEquals(base.config(), model.config());
        }
    }

    /** The identity: y = x·W' with W stored as [in, out] is the transpose of the plain case, DoRA's columns its rows. */
    @Test
    void fanInFanOutIsTheTransposeOfThePlainCase() {
        Random random = new Random(5);
        int in = 7, out = 5, r = 3;
        float[] w = random(random, in * out), a = random(random, r * in), b = random(random, out * r), m = random(random, out);
        float[][] results = new float[2][];
        for (boolean fan : new boolean[] {false, true}) {
            MemoryModel base = new MemoryModel(new JsonObject()).add("h.0.c_attn.weight", DType.F32, fan ? Shape.of(in, out) : Shape.of(out, in), fan ? transpose(w, out, in) : w);
            MemoryModel file = new MemoryModel(new JsonObject()).add("base_model.model.h.0.c_attn.lora_A.weight", DType.F32, Shape.of(r, in), a)
                    .add("base_model.model.h.0.c_attn.lora_B.weight", DType.F32, Shape.of(out, r), b).add("base_model.model.h.0.c_attn.lora_magnitude_vector", DType.F32, Shape.of(out), m);
            AdapterConfig config = config("\"target_modules\":[\"c_attn\"],\"use_dora\":true,\"fan_in_fan_out\":" + fan);
            try (AdaptedModel model = AdaptedModel.of(base, Adapter.of(Path.of("a"), config, file))) {
                float[] got = read(model.tensors().get("h.0.c_attn.weight"), 0, in * out);
                results[fan ? 1 : 0] = fan ? transpose(got, in, out) : got;
            }
        }
        assertArrayEquals(results[0], results[1], 1e-6f);
    }

    @Test
    void valuesOfABf16BaseAreRoundedToItOnce() {
        MemoryModel base = new MemoryModel(new JsonObject()).add("q_proj.weight", DType.BF16, Shape.of(1, 2), 1f, 2f);
        MemoryModel file = new MemoryModel(new JsonObject()).add("base_model.model.q_proj.lora_A.weight", DType.F32, Shape.of(1, 2), 0x1p-8f, 0x1.8p-7f)
                .add("base_model.model.q_proj.lora_B.weight", DType.F32, Shape.of(1, 1), 1f);
        try (AdaptedModel model = AdaptedModel.of(base, Adapter.of(Path.of("a"), config("\"r\":1,\"lora_alpha\":1,\"target_modules\":[\"q_proj\"]"), file))) {
            SourceTensor tensor = model.tensors().get("q_proj.weight");
            assertEquals(DType.BF16, tensor.dtype());
            // 1 + 2^-8 lies halfway between 1 and 1 + 2^-7: to even, 1. 2 + 1.5·2^-7 lies between 2 and 2 + 2^-6, nearer to the latter.
            assertArrayEquals(new float[] {1f, 2 + 0x1p-6f}, read(tensor, 0, 2));
        }
    }

    @Test
    void anEmbeddingAdaptedAloneUntiesItsHeadUnlessTyingIsEnsured() {
        for (boolean ensured : new boolean[] {false, true}) {
            JsonObject tied = new JsonObject();
            tied.addProperty("tie_word_embeddings", true);
            MemoryModel base = new MemoryModel(tied).add("model.embed_tokens.weight", DType.F32, Shape.of(3, 2), 1, 2, 3, 4, 5, 6);
            MemoryModel file = new MemoryModel(new JsonObject()).add("base_model.model.model.embed_tokens.lora_embedding_A", DType.F32, Shape.of(1, 3), 1, 0, 0)
                    .add("base_model.model.model.embed_tokens.lora_embedding_B", DType.F32, Shape.of(2, 1), 10, 20);
            AdapterConfig config = config("\"r\":1,\"lora_alpha\":1,\"target_modules\":[\"embed_tokens\"],\"ensure_weight_tying\":" + ensured);
            try (AdaptedModel model = AdaptedModel.of(base, Adapter.of(Path.of("a"), config, file))) {
                assertArrayEquals(new float[] {11, 22, 3, 4, 5, 6}, read(model.tensors().get("model.embed_tokens.weight"), 0, 6));
                assertEquals(ensured, model.config().get("tie_word_embeddings").getAsBoolean());
                if (ensured) assertFalse(model.tensors().containsKey("lm_head.weight"));
                else assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, read(model.tensors().get("lm_head.weight"), 0, 6));
            }
        }
    }

    @Test
    void factorsThatDoNotFitAreRefusedWithBothShapesAndUntargetedOnesIgnoredWithAWarning() {
        MemoryModel base = new MemoryModel(new JsonObject()).add("q_proj.weight", DType.F32, Shape.of(2, 2), 1, 2, 3, 4).add("k_proj.weight", DType.F32, Shape.of(1, 2), 1, 2);
        MemoryModel file = new MemoryModel(new JsonObject());
        for (String module : new String[] {"q_proj", "k_proj"})
            file.add("base_model.model." + module + ".lora_A.weight", DType.F32, Shape.of(1, 2), 1, 2).add("base_model.model." + module + ".lora_B.weight", DType.F32, Shape.of(2, 1), 1, 2);
        Adapter both = Adapter.of(Path.of("a"), config("\"target_modules\":\"all-linear\""), file);
        RequestException error = assertThrows(RequestException.class, () -> AdaptedModel.of(base, both));
        assertTrue(error.getMessage().contains("[1, 2]") && error.getMessage().contains("[2, 2]") && error.getMessage().contains("k_proj"), error.getMessage());
        try (AdaptedModel model = AdaptedModel.of(base, Adapter.of(Path.of("a"), config("\"target_modules\":\"all-linear\",\"exclude_modules\":[\"k_proj\"]"), file))) {
            assertSame(base.tensors().get("k_proj.weight"), model.tensors().get("k_proj.weight"));
            assertTrue(model.notes().getFirst().contains("k_proj"), model.notes().toString());
        }
        MemoryModel half = new MemoryModel(new JsonObject()).add("base_model.model.q_proj.lora_A.weight", DType.F32, Shape.of(1, 2), 1, 2);
        assertThrows(RequestException.class, () -> Adapter.of(Path.of("a"), config("\"target_modules\":\"all-linear\""), half));
    }

    static AdapterConfig config(String keys) { return AdapterConfig.of("test", Json.parse("test", "{\"peft_type\":\"LORA\"," + keys + "}").getAsJsonObject()); }

    private static AdaptedModel open(Path adapter, MemoryModel base) {
        return AdaptedModel.of(base, Adapter.of(adapter, AdapterConfig.read(adapter.resolve("adapter_config.json")), MemoryModel.read(adapter.resolve("adapter_model.safetensors"))));
    }

    private static float[] random(Random random, int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) values[i] = random.nextFloat() + 0.5f;
        return values;
    }

    private static float[] transpose(float[] from, int rows, int columns) {
        float[] to = new float[from.length];
        for (int i = 0; i < rows; i++) for (int j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
        return to;
    }

    private static float[] read(SourceTensor tensor, long first, long count) {
        try (Owner owner = Owner.allocate("test", count * 4)) {
            tensor.readF32(first, count, owner.segment());
            return owner.segment().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
        }
    }
}
