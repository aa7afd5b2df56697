package io.graft.merge.experiment;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.merge.yaml.Suggestion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The studies that come along: resources, and for the 7B models one text of which model and language are filled in. */
public final class ReadyStudies {

    private static final List<String> PLAIN = List.of("bilingual-world", "bilingual-world-short", "smollm2-swahili");

    /** A 7B model: where it is, its layers, and what its config says. */
    private record Large(String title, String model, int layers, String config) {}

    /** A language: its name, and its code in the tasks. */
    private record Tongue(String title, String code) {}

    private static final Map<String, Large> MODELS = new LinkedHashMap<>();
    private static final Map<String, Tongue> LANGUAGES = new LinkedHashMap<>();

    static {
        MODELS.put("llama31-8b", new Large("Llama 3.1 8B Instruct", "meta-llama/Llama-3.1-8B-Instruct", 32,
                "{model_type: llama, architectures: [LlamaForCausalLM], hidden_size: 4096, intermediate_size: 14336, num_hidden_layers: 32, num_attention_heads: 32, num_key_value_heads: 8, vocab_size: 128256, max_position_embeddings: 131072, rms_norm_eps: 0.00001, rope_theta: 500000.0, rope_scaling: {rope_type: llama3, factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_max_position_embeddings: 8192}, tie_word_embeddings: false, hidden_act: silu}"));
        MODELS.put("qwen25-7b", new Large("Qwen2.5 7B Instruct", "Qwen/Qwen2.5-7B-Instruct", 28,
                "{model_type: qwen2, architectures: [Qwen2ForCausalLM], hidden_size: 3584, intermediate_size: 18944, num_hidden_layers: 28, num_attention_heads: 28, num_key_value_heads: 4, vocab_size: 152064, max_position_embeddings: 32768, rms_norm_eps: 0.000001, rope_theta: 1000000.0, use_sliding_window: false, tie_word_embeddings: false, hidden_act: silu}"));
        MODELS.put("falcon3-7b", new Large("Falcon 3 7B Instruct", "tiiuae/Falcon3-7B-Instruct", 28,
                "{model_type: llama, architectures: [LlamaForCausalLM], hidden_size: 3072, intermediate_size: 23040, num_hidden_layers: 28, num_attention_heads: 12, num_key_value_heads: 4, head_dim: 256, vocab_size: 131072, max_position_embeddings: 32768, rms_norm_eps: 0.000001, rope_theta: 1000042, tie_word_embeddings: false, hidden_act: silu}"));
        MODELS.put("aya-expanse-8b", new Large("Aya Expanse 8B", "CohereForAI/aya-expanse-8b", 32,
                "{model_type: cohere, architectures: [CohereForCausalLM], hidden_size: 4096, intermediate_size: 14336, num_hidden_layers: 32, num_attention_heads: 32, num_key_value_heads: 8, vocab_size: 256000, max_position_embeddings: 8192, layer_norm_eps: 0.00001, logit_scale: 0.125, rope_theta: 10000, use_qk_norm: false, hidden_act: silu}"));
        LANGUAGES.put("swahili", new Tongue("Swahili", "sw"));
        LANGUAGES.put("bengali", new Tongue("Bengali", "bn"));
        LANGUAGES.put("telugu", new Tongue("Telugu", "te"));
    }

    private ReadyStudies() {}

    /** {@return their names} */
    public static List<String> names() {
        List<String> names = new ArrayList<>(PLAIN);
        for (String model : MODELS.keySet()) for (String language : LANGUAGES.keySet()) names.add(model + "-" + language);
        return names;
    }

    /**
     * Reads a study.
     *
     * @param name        a file, or one of {@link #names}
     * @param dataRoot    the data root whatever the study says; empty for what it says
     * @param defaultRoot the data root where neither names one
     * @return the study
     * @throws RequestException if there is no such study, or anything is wrong with it
     */
    public static Study read(String name, Optional<Path> dataRoot, Path defaultRoot) {
        Study study;
        if (Files.isRegularFile(Path.of(name))) study = StudyReader.read(Path.of(name), defaultRoot);
        else if (names().contains(name)) study = StudyReader.read(name + ".yml", text(name), Path.of(""), defaultRoot);
        else if (name.endsWith(".yml") || name.endsWith(".yaml")) throw new RequestException(name, "no such file");
        else throw new RequestException(name, "no such study", "a YAML file, or one that comes along", null, Suggestion.of(name, names()));
        return dataRoot.isEmpty() ? study : study.withDataRoot(dataRoot.get());
    }

    private static String text(String name) {
        if (PLAIN.contains(name)) return resource(name + ".yml");
        for (Map.Entry<String, Large> model : MODELS.entrySet())
            for (Map.Entry<String, Tongue> language : LANGUAGES.entrySet())
                if (name.equals(model.getKey() + "-" + language.getKey())) return large(name, model.getValue(), language.getValue());
        throw new IllegalArgumentException(name);
    }

    /** The partition of the paper: six layers at the input side and two at the output side are the language's, all others the task's. */
    private static String large(String name, Large model, Tongue language) {
        return resource("large.yml").replace("@NAME@", name).replace("@MODEL@", model.model).replace("@TITLE@", model.title).replace("@LANGUAGE@", language.title).replace("@CODE@", language.code)
                .replace("@LOWER@", language.title.toLowerCase(java.util.Locale.ROOT)).replace("@MIDDLE@", "6-" + (model.layers - 3)).replace("@OUTER@", "0-5," + (model.layers - 2) + "-" + (model.layers - 1))
                .replace("@CONFIG@", model.config);
    }

    private static String resource(String file) {
        try (InputStream in = ReadyStudies.class.getResourceAsStream("/io/graft/merge/experiment/" + file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException error) {
            throw new RunException(file, "cannot be read: " + error.getMessage(), error);
        }
    }
}
