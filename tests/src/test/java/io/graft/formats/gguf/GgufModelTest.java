package io.graft.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import io.graft.engine.model.Rotary;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.json.Json;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import io.graft.tests.Fixtures;
import io.graft.tests.GoldenTensors;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufModelTest {

    @Test
    void aCheckpointComesBackUnderItsNamesInItsOrderOfRowsAndWithItsConfig() {
        for (String name : new String[] {"llama", "qwen2"}) {
            Path checkpoint = Fixtures.require("fixtures/checkpoints/" + name + "/model.safetensors").getParent();
            Map<String, float[]> golden = GoldenTensors.read(checkpoint.resolve("model.safetensors"));
            JsonObject config = Json.readObject(checkpoint.resolve("config.json"));
            try (GgufModel model = GgufModel.open(Fixtures.require("fixtures/gguf/" + name + ".gguf"))) {
                assertEquals(new TreeSet<>(golden.keySet()), new TreeSet<>(model.tensors().keySet()));
                for (SourceTensor tensor : model.tensors().values()) {
                    assertArrayEquals(golden.get(tensor.name()), read(tensor, 0, tensor.shape().elements()), tensor.name());
                    boolean permuted = name.equals("llama") && tensor.name().matches(".*[qk]_proj.*");
                    assertEquals(permuted, tensor.stored().isEmpty(), tensor.name());
                }
                assertEquals(Architectures.of(name, config), Architectures.of(name, model.config()));
                assertEquals(config.get("tie_word_embeddings"), model.config().get("tie_word_embeddings"));
                assertTrue(model.sideFiles().isEmpty());
                assertTrue(model.notes().getFirst().contains("no tokenizer"), model.notes().toString());
            }
        }
    }

    @Test
    void storedBytesAreTheTensorsAndPiecesOfPermutedRowsAreThoseOfTheWhole() throws IOException {
        Path path = Fixtures.requireCommitted("fixtures/gguf/all_types.gguf");
        byte[] file = Files.readAllBytes(path);
        try (GgufModel model = GgufModel.open(path)) {
            assertEquals(Shape.of(32, 256), model.tensors().get("model.layers.1.self_attn.k_proj.weight").shape());
            for (SourceTensor tensor : model.tensors().values()) {
                int all = (int) tensor.shape().elements();
                float[] whole = read(tensor, 0, all), part = read(tensor, all / 3, all / 2);
                for (int i = 0; i < part.length; i++) assertEquals(whole[all / 3 + i], part[i], tensor.name());
                if (tensor.stored().isEmpty()) continue;
                StoredRange range = tensor.stored().get();
                assertEquals(tensor.dtype().bytes(all), range.bytes());
                if (tensor.dtype() == DType.F32)
                    assertEquals(whole[1], ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getFloat((int) range.offset() + 4), tensor.name());
            }
            assertTrue(model.tensors().get("model.norm.weight").stored().isPresent());
            assertTrue(model.notes().stream().anyMatch(note -> note.contains("test.three_dims")), model.notes().toString());
            assertFalse(model.tensors().keySet().stream().anyMatch(name -> name.startsWith("test")));
        }
    }

    @Test
    void theTokenizerIsTheOneThatTheMetadataWasCutFrom() {
        try (GgufModel model = GgufModel.open(Fixtures.requireCommitted("fixtures/gguf/all_types.gguf"))) {
            JsonObject json = Json.parse("tokenizer.json", model.sideFiles().get("tokenizer.json")).getAsJsonObject();
            JsonObject config = Json.parse("tokenizer_config.json", model.sideFiles().get("tokenizer_config.json")).getAsJsonObject();
            assertEquals(640, json.getAsJsonObject("model").getAsJsonObject("vocab").size());
            assertEquals(372, json.getAsJsonObject("model").getAsJsonArray("merges").size());
            assertEquals(12, json.getAsJsonArray("added_tokens").size());
            assertEquals("<|im_start|>", config.get("bos_token").getAsString());
            assertEquals("<|im_end|>", config.get("eos_token").getAsString());
            assertTrue(config.get("chat_template").getAsString().startsWith("{% for message in messages %}"));
            JsonObject reference = Json.readObject(Fixtures.require("fixtures/tokenizer/smollm2/tokenizer.json"));
            for (String part : new String[] {"normalizer", "pre_tokenizer", "post_processor", "decoder"}) assertEquals(reference.get(part), json.get(part), part);
            JsonElement merges = reference.getAsJsonObject("model").getAsJsonArray("merges").get(371);
            assertEquals(merges, json.getAsJsonObject("model").getAsJsonArray("merges").get(371));
        }
    }

    /** Llama 3.1 as published: the divisors of its frequencies, and no key that says what gave them. */
    @Test
    void theScalingOfLlama3IsKnownByItsDivisorsAndOthersAreRefused() {
        HeaderWriter header = new HeaderWriter();
        String[] sizes = {"embedding_length", "block_count", "feed_forward_length", "attention.head_count", "context_length"};
        for (String key : sizes) header.put("llama." + key, 128L);
        header.put("llama.attention.head_count", 1L);
        header.put("llama.attention.layer_norm_rms_epsilon", 1e-5);
        header.put("llama.rope.freq_base", 500_000.0);
        Map<String, Shape> shapes = Map.of("token_embd.weight", Shape.of(9, 128), "rope_freqs.weight", Shape.of(64));
        float[] divisors = new float[64];
        double[] exact = GgufConfig.llama3Factors(128, 500_000, new Rotary.Scaling.Llama3(8, 1, 4, 8192));
        for (int i = 0; i < 64; i++) divisors[i] = (float) exact[i];
        GgufMetadata metadata = new GgufMetadata("test", header.metadata());
        JsonObject scaling = GgufConfig.of(GgufFamily.LLAMA, metadata, shapes, _ -> divisors, DType.F32).getAsJsonObject("rope_scaling");
        assertEquals(Json.parse("expected", "{\"rope_type\":\"llama3\",\"factor\":8.0,\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,\"original_max_position_embeddings\":8192}"),
                Json.parse("found", Json.line(scaling)));
        divisors[30] *= 1.01f;
        GgufException error = assertThrows(GgufException.class, () -> GgufConfig.of(GgufFamily.LLAMA, metadata, shapes, _ -> divisors, DType.F32));
        assertTrue(error.getMessage().contains("rope_freqs.weight"), error.getMessage());
        header.put("llama.rope.scaling.type", "longrope");
        error = assertThrows(GgufException.class, () -> GgufConfig.of(GgufFamily.LLAMA, metadata, Map.of("token_embd.weight", Shape.of(9, 128)), _ -> divisors, DType.F32));
        assertTrue(error.getMessage().contains("rope.scaling.type"), error.getMessage());
    }

    @Test
    void whatIsUnknownIsRefusedByItsName(@TempDir Path folder) throws IOException {
        refused(folder, "llama", "lemma", "lemma");
        refused(folder, "smollm", "smellm", "smellm");
        refused(folder, "gpt2", "gpt9", "gpt9");
    }

    /** Replaces the first string of the metadata that is {@code from}, by another of the same length. */
    private static void refused(Path folder, String from, String to, String named) throws IOException {
        byte[] bytes = Files.readAllBytes(Fixtures.requireCommitted("fixtures/gguf/all_types.gguf"));
        byte[] old = from.getBytes(StandardCharsets.UTF_8);
        int at = 0;
        while (bytes[at] != old.length || bytes[at + 1] != 0 || !new String(bytes, at + 8, old.length, StandardCharsets.UTF_8).equals(from)) at++;
        System.arraycopy(to.getBytes(StandardCharsets.UTF_8), 0, bytes, at + 8, old.length);
        Path file = Files.write(folder.resolve("changed.gguf"), bytes);
        GgufException error = assertThrows(GgufException.class, () -> {
            try (GgufModel model = GgufModel.open(file)) {
                model.sideFiles();
            }
        });
        assertTrue(error.getMessage().contains(named), error.getMessage());
    }

    @Test
    void theRealSmolLmOpens() {
        Path path = Path.of(System.getProperty("user.home"), ".cache/graft-models/SmolLM2-135M-Instruct.Q4_1.gguf");
        Assumptions.assumeTrue(Files.exists(path), "no SmolLM2 in ~/.cache/graft-models (shared/models/fetch-smollm2 fetches it)");
        try (GgufModel model = GgufModel.open(path)) {
            assertEquals(272, model.tensors().size());
            JsonObject config = model.config();
            assertTrue(config.get("tie_word_embeddings").getAsBoolean());
            assertEquals(1e-5, config.get("rms_norm_eps").getAsDouble());
            assertEquals(49152, config.get("vocab_size").getAsLong());
            JsonObject tokenizer = Json.parse("tokenizer.json", model.sideFiles().get("tokenizer.json")).getAsJsonObject();
            assertEquals(49152, tokenizer.getAsJsonObject("model").getAsJsonObject("vocab").size());
            assertEquals(48900, tokenizer.getAsJsonObject("model").getAsJsonArray("merges").size());
        }
    }

    static float[] read(SourceTensor tensor, long first, long count) {
        try (Owner owner = Owner.allocate("test", count * 4)) {
            tensor.readF32(first, count, owner.segment());
            return owner.segment().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
        }
    }
}
