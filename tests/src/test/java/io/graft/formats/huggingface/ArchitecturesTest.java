package io.graft.formats.huggingface;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.model.Architecture;
import io.graft.engine.model.Rotary;
import io.graft.formats.json.Json;
import io.graft.tests.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ArchitecturesTest {

    static Stream<String> checkpointsOfBothStyles() throws IOException {
        try (Stream<Path> folders = Files.list(Fixtures.requireCommitted("fixtures/checkpoints"))) {
            return folders.filter(folder -> Files.exists(folder.resolve("config.v5.json"))).map(folder -> folder.getFileName().toString()).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("checkpointsOfBothStyles")
    void bothStylesOfConfigDescribeTheSameModel(String name) { assertEquals(read(name, "config.json"), read(name, "config.v5.json")); }

    @Test
    void gemma2IsAllThatItDiffersIn() {
        Architecture gemma = read("gemma2", "config.json");
        Architecture.Attention attention = gemma.attention();
        assertEquals(Architecture.Block.SANDWICH, gemma.block());
        assertEquals(Math.sqrt(48), gemma.embeddingScale());
        assertEquals(List.of(9, 0, 9), attention.windows());
        assertEquals(1 / Math.sqrt(20), attention.scale());
        assertEquals(4, attention.softCap());
        assertEquals(new Architecture.Head(true, 1, 6), gemma.head());
        assertEquals(io.graft.engine.kernel.Activation.GELU_TANH, gemma.mlp().activation());
    }

    @Test
    void gemma3TurnsItsLocalLayersByAnotherBase() {
        Architecture.Attention attention = read("gemma3", "config.json").attention();
        assertEquals(List.of(9, 9, 0), attention.windows());
        assertEquals(10_000, attention.rotaryOf(0).theta());
        assertEquals(1_000_000, attention.rotaryOf(2).theta());
        assertEquals(0, attention.softCap());
        assertTrue(attention.headNorms());
    }

    @Test
    void familiesHaveTheDefaultsOfTheirPublishedFiles() {
        assertTrue(read("cohere", "config.json").head().tied(), "cohere is tied where the config does not say");
        assertEquals(4, read("llama_mha", "config.json").attention().kvHeads(), "as many kv heads as heads");
        assertEquals(20, read("falcon3", "config.json").attention().headDim());
        assertEquals(List.of(0, 0, 0), read("qwen2", "config.json").attention().windows(), "use_sliding_window is false");
        assertEquals(List.of(9, 9, 9), read("mistral", "config.json").attention().windows());
        assertEquals(new Rotary.Scaling.Yarn(4, 8, 4, 1, 0.1 * Math.log(4) + 1, true), read("llama_rope_yarn", "config.json").attention().rotary().scaling());
    }

    @Test
    void qwenSlidesFromALayerOn() {
        JsonObject config = config("qwen2");
        config.addProperty("use_sliding_window", true);
        config.remove("layer_types");
        assertEquals(List.of(0, 0, 9), Architectures.of("config.json", config).attention().windows());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "llama  | model_type            | \"mamba\"",
        "llama  | model_type            | null",
        "llama  | hidden_act            | \"relu\"",
        "llama  | hidden_size           | null",
        "llama  | hidden_size           | -3",
        "llama  | hidden_size           | 4.5",
        "llama  | num_key_value_heads   | 3",
        "llama  | head_dim              | 7",
        "llama  | rms_norm_eps          | \"small\"",
        "llama  | sliding_window        | 8",
        "llama  | quantization_config   | {\"quant_method\":\"gptq\"}",
        "llama  | num_local_experts     | 8",
        "llama  | attn_logit_softcapping| 30.0",
        "llama  | partial_rotary_factor | 0.5",
        "llama  | residual_multiplier   | 0.2",
        "llama  | rope_scaling          | {\"rope_type\":\"longrope\",\"factor\":4.0}",
        "llama  | rope_scaling          | {\"type\":\"linear\"}",
        "mistral| attention_bias        | true",
        "cohere | use_qk_norm           | true",
        "qwen2  | layer_types           | [\"full_attention\"]",
        "qwen3  | layer_types           | [\"full_attention\",\"linear_attention\",\"full_attention\"]",
        "gemma3 | use_bidirectional_attention | true"})
    void aValueThatGraftDoesNotComputeIsNamed(String checkpoint, String key, String value) {
        JsonObject config = config(checkpoint);
        JsonElement changed = Json.parse("value", value);
        if (changed.isJsonNull()) config.remove(key);
        else config.add(key, changed);
        String message = assertThrows(RequestException.class, () -> Architectures.of("config.json", config)).getMessage();
        assertTrue(message.startsWith("config.json"), message);
        assertTrue(message.contains(key) || message.contains("factor") || message.contains("rope_type"), message);
    }

    @Test
    void keysThatChangeNothingAreIgnored() {
        JsonObject config = config("llama");
        config.addProperty("attention_dropout", 0.5);
        config.addProperty("unsloth_version", "2026");
        config.addProperty("rope_interleaved", false);
        config.add("sliding_window", com.google.gson.JsonNull.INSTANCE);
        assertEquals(read("llama", "config.json"), Architectures.of("config.json", config));
    }

    private static Architecture read(String name, String file) {
        Path path = Fixtures.requireCommitted("fixtures/checkpoints/" + name + "/" + file);
        return Architectures.of(path.toString(), Json.readObject(path));
    }

    private static JsonObject config(String name) { return Json.readObject(Fixtures.requireCommitted("fixtures/checkpoints/" + name + "/config.json")); }
}
