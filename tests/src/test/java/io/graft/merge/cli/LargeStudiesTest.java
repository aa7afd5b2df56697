package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import io.graft.tests.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The studies of 7B models, run to their end with a model of the same architecture and as many layers that fits in a megabyte: one
 * step of each training, a question of each evaluation. {@code -Dgraft.long=true} runs all four models and languages, else one of each.
 */
class LargeStudiesTest {

    private static final int WORDS = 64;

    @TempDir
    Path folder;

    /** JUnit would remove it too, with a warning. */
    @AfterEach
    void removeTheLink() throws IOException { Files.deleteIfExists(folder.resolve("data/mgsm")); }

    static List<Arguments> studies() {
        List<Arguments> all = List.of(
                Arguments.of("llama31-8b", 32, """
                        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "rms_norm_eps": 1e-5, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}"""),
                Arguments.of("qwen25-7b", 28, """
                        "model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "use_sliding_window": false, "rms_norm_eps": 1e-6"""),
                Arguments.of("falcon3-7b", 28, """
                        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "head_dim": 16, "rms_norm_eps": 1e-6"""),
                Arguments.of("aya-expanse-8b", 32, """
                        "model_type": "cohere", "architectures": ["CohereForCausalLM"], "layer_norm_eps": 1e-5, "logit_scale": 0.125, "use_qk_norm": false"""));
        return Boolean.getBoolean("graft.long") ? all : all.subList(3, 4);
    }

    @ParameterizedTest
    @MethodSource("studies")
    void aTinyModelGoesThroughTheWholeStudy(String study, int layers, String architecture) throws IOException {
        Path model = model(layers, architecture), data = data();
        for (String language : Boolean.getBoolean("graft.long") ? List.of("swahili", "bengali", "telugu") : List.of("swahili")) {
            Path out = folder.resolve(language);
            CommandLineRun run = CommandLineRun.of("experiment", study + "-" + language, "--base", model.toString(), "--data-root", data.toString(), "--out", out.toString(), "--fraction", "0.0008");
            assertEquals(0, run.status(), run.err());
            Set<String> methods = new HashSet<>();
            for (JsonElement row : Json.readObject(out.resolve("results.json")).getAsJsonArray("rows")) {
                JsonObject evaluations = row.getAsJsonObject().getAsJsonObject("evaluations");
                assertEquals(2, evaluations.size(), row.toString());
                methods.add(row.getAsJsonObject().get("method").getAsString());
            }
            assertTrue(methods.containsAll(List.of("base", "math", "language", "mixed", "simultaneous", "layer swap", "soup", "task arithmetic", "ties", "freeze then train", "train then reset", "inverted swap")),
                    methods.toString());
        }
    }

    /** Random weights, by a training of one step. */
    private Path model(int layers, String architecture) throws IOException {
        Files.writeString(folder.resolve("config.json"), "{" + architecture + ", \"hidden_size\": 16, \"intermediate_size\": 24, \"num_hidden_layers\": " + layers
                + ", \"num_attention_heads\": 2, \"num_key_value_heads\": 1, \"vocab_size\": " + WORDS + ", \"max_position_embeddings\": 2048, \"rope_theta\": 10000.0, \"hidden_act\": \"silu\", "
                + "\"tie_word_embeddings\": " + architecture.contains("cohere") + ", \"eos_token_id\": 1}");
        Path tokenizer = Files.createDirectories(folder.resolve("tokenizer"));
        Files.writeString(tokenizer.resolve("tokenizer.json"), tokenizer());
        Files.writeString(tokenizer.resolve("tokenizer_config.json"), "{\"eos_token\": \"</s>\"}");
        Files.writeString(folder.resolve("text.jsonl"), "{\"text\": \"Two and two are four.\"}\n");
        Files.writeString(folder.resolve("train.yml"), "model: {config: DIR/config.json, tokenizer: DIR/tokenizer, init: {std: 0.02, seed: 1}}\noutput: DIR/model\ndata: [{file: DIR/text.jsonl}]\nmax_length: 32\nbatch_size: 1\nmax_steps: 1\noptimizer: {lr: 0.001}\n".replace("DIR", folder.toString()));
        CommandLineRun run = CommandLineRun.of("train", folder.resolve("train.yml").toString());
        assertEquals(0, run.status(), run.err());
        return folder.resolve("model");
    }

    /** A few words; most are unknown, which makes prompts of thousands of bytes short. */
    private static String tokenizer() {
        JsonObject vocabulary = new JsonObject();
        for (String word : List.of("<unk>", "</s>", "Question:", "Swali:", "Jibu", "ni", "is", "The", "answer", "and", "+", "are", "Two", "two", "Habari", "Jambo")) vocabulary.addProperty(word, vocabulary.size());
        for (int number = 0; vocabulary.size() < WORDS; number++) vocabulary.addProperty(Integer.toString(number), vocabulary.size());
        return "{\"normalizer\": null, \"pre_tokenizer\": {\"type\": \"WhitespaceSplit\"}, \"post_processor\": null, \"decoder\": null, \"added_tokens\": [{\"id\": 1, \"content\": \"</s>\", "
                + "\"special\": true}], \"model\": {\"type\": \"WordLevel\", \"unk_token\": \"<unk>\", \"vocab\": " + Json.line(vocabulary) + "}}";
    }

    /** The study's training data under its names, made up, and the real questions of MGSM. */
    private Path data() throws IOException {
        Path data = Files.createDirectories(folder.resolve("data"));
        Files.createSymbolicLink(data.resolve("mgsm"), Fixtures.require("data/mgsm").toRealPath());
        StringBuilder math = new StringBuilder(), texts = new StringBuilder();
        for (int i = 0; i < 600; i++) {
            math.append("{\"question\": \"").append(i).append(" + 1?\", \"answer\": \"").append(i + 1).append("\"}\n");
            texts.append("{\"inputs\": \"Jambo ").append(i).append("\", \"targets\": \"Habari\"}\n");
        }
        Files.writeString(data.resolve("orca_math.jsonl"), math);
        for (String language : List.of("swahili", "bengali", "telugu")) Files.writeString(data.resolve("aya_" + language + ".jsonl"), texts);
        return data;
    }
}
