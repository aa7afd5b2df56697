package io.graft.merge.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A training of a model from scratch that takes a moment: 2 layers, texts that go on by sevens. */
final class Tiny {

    final Path folder;

    Tiny(Path folder) {
        this.folder = folder;
        write("config.json", """
                {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
                 "num_key_value_heads": 2, "vocab_size": 61, "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "tie_word_embeddings": false, "torch_dtype": "float32"}""");
        write("a.jsonl", texts(40, 1));
        write("b.jsonl", texts(25, 2));
        write("v.jsonl", texts(6, 3));
    }

    static String texts(int count, int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < count; i++) {
            int[] ids = new int[4 + random.nextInt(14)];
            int start = random.nextInt(61);
            for (int j = 0; j < ids.length; j++) ids[j] = (start + 7 * j) % 61;
            lines.append("{\"ids\": ").append(java.util.Arrays.toString(ids)).append("}\n");
        }
        return lines.toString();
    }

    Path write(String name, String text) {
        try {
            return Files.writeString(folder.resolve(name), text);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    String path(String name) { return folder.resolve(name).toString(); }

    /** Its configuration, with some keys set or taken out (null). */
    TrainConfig config(String output, Object... more) { return TrainConfig.of(map(output, more)); }

    Map<String, Object> map(String output, Object... more) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("model", Map.of("config", path("config.json"), "init", Map.of("std", 0.05, "seed", 3)));
        map.put("output", path(output));
        map.put("data", List.of(path("a.jsonl")));
        map.put("max_length", 16);
        map.put("batch_size", 2);
        map.put("gradient_accumulation", 2);
        map.put("max_steps", 20);
        map.put("optimizer", Map.of("lr", 5e-3, "betas", List.of(0.9, 0.95), "weight_decay", 0.1));
        map.put("schedule", Map.of("name", "cosine", "warmup_steps", 2));
        for (int i = 0; i < more.length; i += 2) {
            if (more[i + 1] == null) map.remove(more[i]);
            else map.put((String) more[i], more[i + 1]);
        }
        return map;
    }

    TrainResult run(TrainConfig config) { return TrainRun.run(config, TrainOptions.defaults().withThreads(2), new Heard()); }

    byte[] weights(String output) {
        try {
            return Files.readAllBytes(folder.resolve(output).resolve("model.safetensors"));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** The metrics, without the one number that differs from run to run. */
    List<String> metrics(String output) {
        try {
            return Files.readAllLines(folder.resolve(output + ".train/metrics.jsonl")).stream().map(line -> line.replaceFirst(",\\s*\"tokens_per_second\":.*", "")).toList();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** Who remembers what was said. */
    static final class Heard implements TrainListener {

        final List<String> warnings = new ArrayList<>();
        final List<Integer> checkpoints = new ArrayList<>();

        @Override
        public void warn(String text) { warnings.add(text); }

        @Override
        public void checkpoint(int step, Path file) { checkpoints.add(step); }
    }
}
