package io.graft.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.json.Json;
import io.graft.formats.model.SourceTensor;
import io.graft.tests.Fixtures;
import io.graft.tests.MemoryModel;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufWriterTest {

    @TempDir
    Path folder;

    /** Every family that the format can express; norms of Gemma pass through plus and minus one, which rounds: half an ulp of a number below 4. */
    @Test
    void aModelWrittenAsF32ReadsBackWithEqualBitsAndTheSameArchitecture() {
        for (String name : new String[] {"llama", "llama3_rope", "llama_mha", "falcon3", "smollm", "mistral", "qwen2", "qwen3", "cohere"}) {
            Path checkpoint = Fixtures.require("fixtures/checkpoints/" + name + "/model.safetensors");
            roundTrip(MemoryModel.read(checkpoint));
        }
    }

    @Test
    void aCommittedModelReadsBackWithEqualBits() {
        roundTrip(MemoryModel.read(Fixtures.requireCommitted("fixtures/checkpoints/qwen2/model.safetensors")));
    }

    private void roundTrip(MemoryModel model) {
        String name = model.config().get("model_type").getAsString();
        Path file = folder.resolve(name + ".gguf");
        GgufWriter.plan(model, GgufType.F32).write(file, 2, _ -> {});
        try (GgufModel back = GgufModel.open(file)) {
            assertEquals(new TreeSet<>(model.tensors().keySet()), new TreeSet<>(back.tensors().keySet()), name);
            for (SourceTensor tensor : model.tensors().values()) {
                assertEquals(tensor.shape(), back.tensors().get(tensor.name()).shape());
                assertArrayEquals(values(tensor), values(back.tensors().get(tensor.name())), name + " " + tensor.name());
            }
            String expected = Architectures.of(name, model.config()).toString(), got = Architectures.of(name, back.config()).toString();
            assertEquals(expected.substring(expected.indexOf(',')), got.substring(got.indexOf(',')));
        }
    }

    @Test
    void whatTheFormatCannotExpressIsRefused() {
        for (String name : new String[] {"gemma2", "gemma3", "llama_rope_dynamic"}) {
            JsonObject config = Json.readObject(Fixtures.require("fixtures/checkpoints/" + name + "/config.json"));
            MemoryModel model = new MemoryModel(config).add("model.embed_tokens.weight", DType.F32, Shape.of(300, 48), new float[300 * 48]);
            assertThrows(RequestException.class, () -> GgufWriter.plan(model, GgufType.F32), name);
        }
        MemoryModel strange = MemoryModel.read(Fixtures.requireCommitted("fixtures/checkpoints/qwen2/model.safetensors")).add("model.extra.weight", DType.F32, Shape.of(1), 1);
        RequestException error = assertThrows(RequestException.class, () -> GgufWriter.plan(strange, GgufType.F32));
        assertTrue(error.getMessage().contains("model.extra.weight"), error.getMessage());
    }

    /** Gemma's norms are stored plus one: w + 1 - 1 rounds twice, each by at most half an ulp of a number below 4, 2^-23. */
    @Test
    void gemmasNormsArePlusOneInTheFile() {
        JsonObject config = Json.readObject(Fixtures.require("fixtures/checkpoints/gemma2/config.json"));
        config.addProperty("query_pre_attn_scalar", 16); // the head's width, which a GGUF takes for granted
        MemoryModel model = new MemoryModel(config).add("model.embed_tokens.weight", DType.F32, Shape.of(300, 48), new float[300 * 48]);
        float[] norm = new float[48];
        for (int i = 0; i < norm.length; i++) norm[i] = (i - 20) / 37f;
        model.add("model.layers.0.pre_feedforward_layernorm.weight", DType.F32, Shape.of(48), norm);
        Path file = folder.resolve("gemma.gguf");
        GgufWriter.plan(model, GgufType.F16).write(file, 1, _ -> {});
        try (GgufFile raw = GgufFile.open(file); GgufModel back = GgufModel.open(file)) {
            assertArrayEquals(norm, values(back.tensors().get("model.layers.0.pre_feedforward_layernorm.weight")), 0x1p-23f);
            assertEquals(norm[3] + 1, GgufFileTest.read(raw, raw.tensors().get("blk.0.ffn_norm.weight"), 3, 1)[0]);
            assertEquals(GgufType.F16, raw.tensors().get("token_embd.weight").type());
            assertEquals(GgufType.F32, raw.tensors().get("blk.0.ffn_norm.weight").type());
        }
    }

    /**
     * |x − d·q| ≤ d/2 by rounding q, and d itself is rounded to a half: relatively by 2^-11, or absolutely by 2^-25, times |q| ≤ 127.
     */
    @Test
    void q8IsWithinHalfAStepAndHalvesAreRounded() {
        MemoryModel model = wide(new Random(3));
        for (GgufType type : new GgufType[] {GgufType.Q8_0, GgufType.F16, GgufType.BF16}) {
            Path file = folder.resolve(type + ".gguf");
            GgufWriter.plan(model, type).write(file, 2, _ -> {});
            try (GgufModel back = GgufModel.open(file)) {
                for (SourceTensor tensor : model.tensors().values()) {
                    float[] expected = values(tensor), got = values(back.tensors().get(tensor.name()));
                    for (int i = 0; i < expected.length; i++) {
                        if (tensor.shape().rank() == 1) assertEquals(expected[i], got[i]);
                        else if (type == GgufType.Q8_0) {
                            float largest = 0;
                            for (int j = i / 32 * 32; j < i / 32 * 32 + 32; j++) largest = Math.max(largest, Math.abs(expected[j]));
                            double d = largest / 127.0;
                            assertEquals(expected[i], got[i], d / 2 * (1 + 1e-6) + 127 * Math.max(d * 0x1p-11, 0x1p-25), tensor.name() + " " + i);
                        } else if (type == GgufType.F16) assertEquals(Float.float16ToFloat(Float.floatToFloat16(expected[i])), got[i]);
                        else assertEquals(expected[i], got[i], Math.abs(expected[i]) * 0x1p-8); // eight significant bits: half of the last is 2^-8
                    }
                }
            }
        }
    }

    /** Literal bytes: d = 1 (max 127), halves away from zero, as ggml's roundf. */
    @Test
    void q8BytesAreGgmls() {
        float[] x = new float[32];
        float[] first = {127, 0.5f, -0.5f, 1.5f, -2.5f, 0.49999997f, -126.6f, 3};
        System.arraycopy(first, 0, x, 0, first.length);
        byte[] to = new byte[34];
        new Q8Encoding().encode(MemorySegment.ofArray(x), 32, MemorySegment.ofArray(to));
        assertArrayEquals(new byte[] {0x00, 0x3C, 127, 1, -1, 2, -3, 0, -127, 3}, Arrays.copyOf(to, 10));
    }

    @Test
    void theBytesAreTheSameForAnyNumberOfThreads() throws IOException {
        MemoryModel model = wide(new Random(4));
        GgufWriter.plan(model, GgufType.Q8_0).write(folder.resolve("one.gguf"), 1, _ -> {});
        GgufWriter.plan(model, GgufType.Q8_0).write(folder.resolve("five.gguf"), 5, _ -> {});
        assertEquals(-1, Files.mismatch(folder.resolve("one.gguf"), folder.resolve("five.gguf")));
    }

    @Test
    void aFailureLeavesTheOldFileAndNothingElse() throws IOException {
        MemoryModel model = wide(new Random(5));
        float[] bad = new float[64 * 64];
        bad[70] = Float.NaN;
        model.add("model.layers.0.self_attn.o_proj.weight", DType.F32, Shape.of(64, 64), bad);
        Path file = Files.writeString(folder.resolve("old.gguf"), "old");
        RunException error = assertThrows(RunException.class, () -> GgufWriter.plan(model, GgufType.Q8_0).write(file, 2, _ -> {}));
        assertTrue(error.getMessage().contains("o_proj"), error.getMessage());
        assertEquals("old", Files.readString(file));
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void aByteLevelTokenizerComesBackAsItWas() {
        try (GgufModel model = GgufModel.open(Fixtures.requireCommitted("fixtures/gguf/all_types.gguf"))) {
            Path file = folder.resolve("again.gguf");
            GgufWriter.plan(model, GgufType.F32).write(file, 2, _ -> {});
            try (GgufModel back = GgufModel.open(file)) {
                assertEquals(model.sideFiles().get("tokenizer.json"), back.sideFiles().get("tokenizer.json"));
                assertEquals(model.sideFiles().get("tokenizer_config.json"), back.sideFiles().get("tokenizer_config.json"));
                for (SourceTensor tensor : model.tensors().values()) assertArrayEquals(values(tensor), values(back.tensors().get(tensor.name())), tensor.name());
                assertFalse(back.notes().stream().anyMatch(note -> note.contains("no tokenizer")));
            }
        }
    }

    @Test
    void splitsOfTheKnownPipelinesAreRecognised() {
        String[][] known = {{"smollm2", "smollm"}, {"llama3", "llama-bpe"}, {"qwen2", "qwen2"}, {"aya", "command-r"}, {"gpt2_prefix", "gpt-2"}};
        for (String[] each : known) {
            JsonObject json = Json.readObject(Fixtures.require("fixtures/tokenizer/" + each[0] + "/tokenizer.json"));
            boolean ignoreMerges = json.getAsJsonObject("model").get("ignore_merges").getAsBoolean();
            PreTokenizers split = PreTokenizers.ofTokenizer(json, ignoreMerges);
            assertEquals(each[1], split == null ? "none" : split.ggufName(), each[0]);
        }
        for (String none : new String[] {"llama2", "gemma", "metaspace"})
            assertEquals(null, PreTokenizers.ofTokenizer(Json.readObject(Fixtures.require("fixtures/tokenizer/" + none + "/tokenizer.json")), false), none);
    }

    /** A llama of one layer whose rows are whole blocks, with magnitudes from subnormal to large. */
    private static MemoryModel wide(Random random) {
        JsonObject config = Json.parse("config.json", "{\"model_type\":\"llama\",\"hidden_size\":64,\"num_hidden_layers\":1,\"num_attention_heads\":4,\"num_key_value_heads\":2,"
                + "\"intermediate_size\":96,\"vocab_size\":40,\"max_position_embeddings\":128,\"rms_norm_eps\":1e-5}").getAsJsonObject();
        MemoryModel model = new MemoryModel(config);
        Object[][] tensors = {{"model.embed_tokens.weight", 40, 64}, {"lm_head.weight", 40, 64}, {"model.layers.0.self_attn.q_proj.weight", 64, 64},
            {"model.layers.0.self_attn.k_proj.weight", 32, 64}, {"model.layers.0.mlp.down_proj.weight", 64, 96}};
        for (Object[] each : tensors) {
            int rows = (int) each[1], columns = (int) each[2];
            float[] values = new float[rows * columns];
            for (int i = 0; i < values.length; i++) values[i] = (float) (random.nextGaussian() * Math.pow(10, i / 32 % 9 - 6));
            model.add((String) each[0], DType.F32, Shape.of(rows, columns), values);
        }
        return model.add("model.norm.weight", DType.F32, Shape.of(64), new float[64]);
    }

    private static float[] values(SourceTensor tensor) {
        try (Owner owner = Owner.allocate("test", tensor.shape().elements() * 4)) {
            tensor.readF32(0, tensor.shape().elements(), owner.segment());
            return owner.segment().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
        }
    }
}
