package io.graft.merge.experiment;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A study of the synthetic world that takes seconds, and ways to run it. */
final class Studies {

    /** Two trainings of a few steps, an adapter each, a swap, a chain of merges, a control. */
    static final String SMALL = """
            name: small
            title: A small study
            base: {shipped: bilingual-world}
            data:
              math: {world: math, lines: 64}
              language: {world: language, lines: 64}
            variants:
              full: {optimizer: {lr: 5e-4}}
              lora: {optimizer: {lr: 2e-3}, lora: {r: 2, alpha: 4, targets: [q_proj, up_proj]}}
            experts:
              math:
                train: &math
                  data: [{file: data/math}]
                  max_length: 64
                  batch_size: 4
                  max_steps: 6
                  schedule: {name: cosine, warmup_steps: 1}
                  checkpoint_steps: 2
              language:
                train:
                  <<: *math
                  data: [{file: data/language}]
              foreign: {permute: language, allow_foreign: true, variants: [full]}
            merges:
              - name: soup
                recipe: {merge_method: linear, models: [{model: math, parameters: {weight: 0.5}}, {model: language, parameters: {weight: 0.5}}]}
              - name: swap
                recipe: {merge_method: layer_swap, base_model: base, language: language, task: math, bottom: [0, 8], top: 0, embeddings: [language, task], lm_head: task}
                variants: [full]
              - name: adapter swap
                recipe: {merge_method: layer_swap, base_model: base, language: language, task: math, bottom: 1, top: 1, output: adapter}
                variants: [lora]
              - name: reset
                recipe: {merge_method: reset, base_model: base, expert: math, layers: [0, 7]}
              - name: composed
                recipe: {merge_method: task_arithmetic, base_model: base, models: [{model: reset, parameters: {weight: 1}}, {model: language, parameters: {weight: 1}}]}
              - name: foreign swap
                recipe: {merge_method: layer_swap, base_model: base, language: foreign, task: math, bottom: 1, top: 1}
                variants: [full]
            evaluations:
              - {name: small, task: world/en_small, limit: 6}
              - {name: new, task: world/new_large, limit: 6}
            heat_map: {merge: swap, rows: bottom, columns: embeddings}
            examples: 1
            """;

    private Studies() {}

    static Study read(Path folder, String text) { return StudyReader.read("study.yml", text, folder, folder); }

    static StudyOptions options(Path folder) { return new StudyOptions(folder.resolve("cache"), false, 1, List.of(), Optional.empty(), 2, null); }

    /** Runs it, writes what it gives, and tells the steps that were made. */
    static List<String> run(Path folder, String text, StudyOptions options) {
        List<String> made = new ArrayList<>();
        StudyListener listener = new StudyListener() {
            @Override
            public void done(Step step, double seconds) { made.add(step.id()); }
        };
        try (StudyRun run = StudyRun.open(read(folder, text), options, listener)) {
            StudyFiles.write(run.run(), folder.resolve("out"));
        }
        return made;
    }

    /** All files below a folder but those of the cache. */
    static Map<String, byte[]> files(Path folder) {
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : (Iterable<Path>) all::iterator) if (Files.isRegularFile(each)) files.put(folder.relativize(each).toString(), Files.readAllBytes(each));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return files;
    }
}
