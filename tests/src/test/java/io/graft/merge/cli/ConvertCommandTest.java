package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.engine.memory.Owner;
import io.graft.formats.gguf.GgufFile;
import io.graft.formats.gguf.GgufModel;
import io.graft.formats.gguf.GgufType;
import io.graft.formats.json.Json;
import io.graft.tests.Fixtures;
import io.graft.tests.GoldenTensors;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertCommandTest {

    @TempDir
    Path folder;

    @Test
    void aGgufBecomesAFolderWithConfigAndTokenizerInTheDtypeAskedFor() throws IOException {
        Path gguf = Fixtures.requireCommitted("fixtures/gguf/all_types.gguf"), out = folder.resolve("out");
        CommandLineRun run = CommandLineRun.of("convert", gguf.toString(), out.toString(), "--dtype", "bfloat16", "--json", "--threads", "2");
        assertEquals(0, run.status(), run.err());
        JsonObject result = Json.parse("stdout", run.out()).getAsJsonObject();
        assertEquals(21, result.get("tensors").getAsInt());
        assertTrue(run.err().contains("test.three_dims"), "the note on tensors that are no part of a llama: " + run.err());
        JsonObject config = Json.readObject(out.resolve("config.json"));
        assertEquals("bfloat16", config.get("torch_dtype").getAsString());
        assertEquals("LlamaForCausalLM", config.getAsJsonArray("architectures").get(0).getAsString());
        assertEquals(640, Json.readObject(out.resolve("tokenizer.json")).getAsJsonObject("model").getAsJsonObject("vocab").size());
        assertTrue(Json.readObject(out.resolve("tokenizer_config.json")).has("chat_template"));
        assertFalse(Files.exists(out.resolve("README.md")), "a conversion is no merge, and has no card");
        Map<String, float[]> written = GoldenTensors.read(out.resolve("model.safetensors"));
        assertEquals(21, written.size());
        try (GgufFile file = GgufFile.open(gguf); Owner to = Owner.allocate("test", 4 * 256)) {
            file.readF32(file.tensors().get("blk.0.ffn_gate.weight"), 256, 256, to.segment());
            float[] values = written.get("model.layers.0.mlp.gate_proj.weight");
            // Eight significant bits: half of the last place is 2^-8 of the value.
            for (int i = 0; i < 256; i++) {
                float exact = to.segment().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
                assertEquals(exact, values[256 + i], Math.abs(exact) * 0x1p-8);
            }
        }
    }

    @Test
    void aFolderSurvivesAGgufAndComesBackBitForBit() throws IOException {
        Path checkpoint = Fixtures.requireCommitted("fixtures/checkpoints/qwen2"), gguf = folder.resolve("model.gguf"), back = folder.resolve("back");
        CommandLineRun there = CommandLineRun.of("convert", checkpoint.toString(), gguf.toString(), "--type", "f32");
        assertEquals(0, there.status(), there.err());
        assertTrue(there.err().contains("no tokenizer"), there.err());
        CommandLineRun again = CommandLineRun.of("convert", gguf.toString(), back.toString(), "--quiet");
        assertEquals(0, again.status(), again.err());
        assertEquals("", again.err());
        Map<String, float[]> golden = GoldenTensors.read(checkpoint.resolve("model.safetensors")), got = GoldenTensors.read(back.resolve("model.safetensors"));
        assertEquals(new TreeSet<>(golden.keySet()), new TreeSet<>(got.keySet()));
        golden.forEach((name, values) -> assertArrayEquals(values, got.get(name), name));
    }

    @Test
    void withoutATypeAGgufTakesTheModelsDtypeAndQ8KeepsNormsInF32() {
        Path gguf = Fixtures.requireCommitted("fixtures/gguf/all_types.gguf"), out = folder.resolve("q8.gguf");
        assertEquals(0, CommandLineRun.of("convert", gguf.toString(), out.toString(), "--type", "Q8_0").status());
        try (GgufFile file = GgufFile.open(out)) {
            assertEquals(GgufType.Q8_0, file.tensors().get("blk.0.attn_q.weight").type());
            assertEquals(GgufType.F32, file.tensors().get("blk.0.attn_norm.weight").type());
        }
        Path plain = folder.resolve("plain.gguf");
        assertEquals(0, CommandLineRun.of("convert", Fixtures.requireCommitted("fixtures/checkpoints/llama_bf16").toString(), plain.toString()).status());
        try (GgufFile file = GgufFile.open(plain)) {
            assertEquals(GgufType.BF16, file.tensors().get("token_embd.weight").type());
        }
    }

    /** Tolerance: 1e-6 of the tensor's largest magnitude (fixtures/lora/README.md). */
    @Test
    void anAdapterIsBakedIn() throws IOException {
        Path adapter = Fixtures.requireCommitted("fixtures/lora/qwen2_adapted_head"), out = folder.resolve("baked");
        CommandLineRun run = CommandLineRun.of("convert", Fixtures.requireCommitted("fixtures/checkpoints/qwen2") + "+" + adapter, out.toString());
        assertEquals(0, run.status(), run.err());
        Map<String, float[]> got = GoldenTensors.read(out.resolve("model.safetensors"));
        GoldenTensors.read(adapter.resolve("merged.safetensors")).forEach((name, expected) -> {
            float largest = 0;
            for (float value : expected) largest = Math.max(largest, Math.abs(value));
            assertArrayEquals(expected, got.get(name), 1e-6f * largest, name);
        });
        assertFalse(Json.readObject(out.resolve("config.json")).get("tie_word_embeddings").getAsBoolean());
    }

    @Test
    void theBytesAreTheSameForAnyNumberOfThreadsAndShardsHoldWhatTheyMay() throws IOException {
        Path gguf = Fixtures.requireCommitted("fixtures/gguf/all_types.gguf");
        for (int threads : new int[] {1, 5})
            assertEquals(0, CommandLineRun.of("convert", gguf.toString(), folder.resolve("t" + threads).toString(), "--out-shard-size", "900KB", "-j", "" + threads).status());
        List<Path> shards = new ArrayList<>();
        try (var files = Files.list(folder.resolve("t1"))) {
            files.filter(file -> file.toString().endsWith(".safetensors")).forEach(shards::add);
        }
        assertTrue(shards.size() > 1, shards.toString());
        for (Path shard : shards) {
            assertEquals(-1, Files.mismatch(shard, folder.resolve("t5").resolve(shard.getFileName())));
            assertTrue(Files.size(shard) < 1_000_000);
        }
    }

    @Test
    void aWrongRequestWritesNothingAndEndsWithStatusTwo() throws IOException {
        String gguf = Fixtures.requireCommitted("fixtures/gguf/all_types.gguf").toString(), out = folder.resolve("out").toString();
        Files.createDirectory(folder.resolve("full"));
        Files.writeString(folder.resolve("full/file"), "mine");
        Files.writeString(folder.resolve("there.gguf"), "mine");
        String[][] wrong = {{gguf, out, "--type", "q8_0"}, {gguf, out + ".gguf", "--dtype", "bf16"}, {gguf, out, "--dtype", "int8"}, {gguf, out + ".gguf", "--type", "q4_0"},
            {gguf, folder.resolve("full").toString()}, {gguf, folder.resolve("there.gguf").toString()}, {folder.resolve("nothing.gguf").toString(), out},
            {gguf, out, "--out-shard-size", "many"}, {gguf, out, "--threads", "0"}, {gguf}};
        for (String[] arguments : wrong) {
            String[] all = new String[arguments.length + 1];
            all[0] = "convert";
            System.arraycopy(arguments, 0, all, 1, arguments.length);
            CommandLineRun run = CommandLineRun.of(all);
            assertEquals(2, run.status(), String.join(" ", all) + ": " + run.err());
            assertEquals("", run.out());
            assertTrue(run.err().contains("graft: error:"), run.err());
        }
        try (var files = Files.list(folder)) {
            assertEquals(2, files.count());
        }
        assertEquals("mine", Files.readString(folder.resolve("there.gguf")));
        assertEquals(0, CommandLineRun.of("convert", gguf, folder.resolve("there.gguf").toString(), "--force").status());
        GgufModel.open(folder.resolve("there.gguf")).close();
    }

    /** What Transformers makes of a folder that we wrote, against the golden logits; where python3 has it. */
    @Test
    void transformersLoadsWhatWeWrite() throws Exception {
        Assumptions.assumeTrue(python("-c", "import transformers, torch") == 0, "python3 has no transformers and torch: Transformers was not asked to load what we write");
        for (String name : new String[] {"llama", "qwen2"}) {
            Path gguf = Fixtures.require("fixtures/gguf/" + name + ".gguf"), golden = Fixtures.require("fixtures/arch/" + name + ".safetensors"), out = folder.resolve(name);
            assertEquals(0, CommandLineRun.of("convert", gguf.toString(), out.toString()).status());
            double bound = Json.readObject(Fixtures.require("fixtures/arch/manifest.json")).getAsJsonObject("checkpoints").getAsJsonObject(name).getAsJsonObject("logits").get("bound").getAsDouble();
            String script = Fixtures.repository().resolve("tests/python/check_transformers.py").toString();
            assertEquals(0, python(script, out.toString(), golden.toString(), "logits64", "input_ids", Double.toString(bound)), name);
        }
    }

    private static int python(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("python3"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("HF_HUB_OFFLINE", "1");
        try {
            Process process = builder.start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (status != 0 && !arguments[0].equals("-c")) System.err.println(said);
            return status;
        } catch (IOException noPython) {
            return -1;
        }
    }
}
