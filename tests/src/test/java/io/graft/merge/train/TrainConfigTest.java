package io.graft.merge.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.engine.train.AdamW;
import io.graft.merge.plan.Role;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainConfigTest {

    @TempDir
    Path folder;

    private TrainConfig read(String text, String... overrides) throws Exception { return TrainConfig.read(Files.writeString(folder.resolve("config.yml"), text), List.of(overrides)); }

    private List<String> problems(String text, String... overrides) {
        RequestException first = assertThrows(RequestException.class, () -> read(text, overrides));
        List<String> all = new ArrayList<>(List.of(first.getMessage() + " | " + first.hint()));
        for (Throwable other : first.getSuppressed()) all.add(other.getMessage() + " | " + ((RequestException) other).hint());
        return all;
    }

    @Test
    void everyKeyIsRead() throws Exception {
        TrainConfig config = read("""
                model: path
                output: out
                dtype: float32
                data: [{file: a.jsonl, weight: 1}, b.jsonl]
                validation: [{file: v.jsonl}]
                shuffle: false
                packing: true
                max_length: 512
                batch_size: 4
                gradient_accumulation: 2
                max_steps: 100
                optimizer: {name: adamw, lr: 2e-5, betas: [0.9, 0.95], eps: 1e-08, weight_decay: 0.1, weight_decay_on: matrices, clip: 1.0}
                schedule: {name: cosine, warmup_steps: 3, min_ratio: 0}
                trainable: {layers: [0-5, 26-27], modules: [attention, mlp, norm], embeddings: false, final_norm: true, lm_head: false}
                checkpoint_steps: 50
                validation_steps: 25
                early_stop: {patience: 3, min_delta: 1e-3}
                select: best
                on_non_finite: skip
                gradient_checkpointing: true
                seed: 9007199254740993
                """);
        assertEquals("path", config.model().argument());
        assertEquals(DType.F32, config.dtype());
        assertEquals(List.of(new TrainConfig.DataFile(Path.of("a.jsonl"), 1), new TrainConfig.DataFile(Path.of("b.jsonl"), 0)), config.data());
        assertEquals(List.of(Path.of("v.jsonl")), config.validation());
        assertEquals(new TrainConfig.Optimizer(2e-5, new AdamW.Settings(0.9, 0.95, 1e-8, 0.1, false, 1)), config.optimizer());
        assertEquals(new TrainConfig.Rates("cosine", 3, 0, 0, List.of()), config.schedule());
        Selection.Placed placed = assertInstanceOf(Selection.Placed.class, config.trainable());
        assertEquals(new TreeSet<>(List.of(0, 1, 2, 3, 4, 5, 26, 27)), placed.layers());
        assertEquals(Set.of(Role.ATTENTION, Role.MLP, Role.NORM), placed.modules());
        assertTrue(placed.finalNorm() && !placed.embeddings() && !placed.lmHead());
        assertEquals(9007199254740993L, config.seed(), "a whole number of 64 bits");
        assertEquals(List.of(false, true, 512, 4, 2, 100, 0.0, 50, 25, 3, 1e-3, true, true, TrainConfig.Select.BEST),
                List.of(config.shuffle(), config.packing(), config.maxLength(), config.batchSize(), config.gradientAccumulation(), config.maxSteps(), config.epochs(), config.checkpointSteps(),
                        config.validationSteps(), config.patience(), config.minDelta(), config.skipNonFinite(), config.gradientCheckpointing(), config.select()));
    }

    @Test
    void whatIsLeftOutHasADefault() throws Exception {
        TrainConfig config = read("{model: {config: config.json, tokenizer: folder, init: {std: 1e-2, seed: 5}}, output: out, data: a.jsonl}");
        assertEquals(new TrainConfig.Fresh(Path.of("config.json"), Path.of("folder"), 0.01, 5), config.model().fresh());
        assertEquals(1.0, config.epochs());
        assertEquals(5e-5, config.optimizer().rate());
        assertInstanceOf(Selection.All.class, config.trainable());
        assertNull(config.lora());
        assertNull(config.dtype());
    }

    @Test
    void partsAndListsOfRates() throws Exception {
        TrainConfig config = read("""
                model: m
                output: o
                max_steps: 2
                schedule: {name: list, rates: [1e-5, 2]}
                partition:
                  - {trainable: ['model\\.layers\\.0\\..*'], data: [a.jsonl]}
                  - {trainable: {layers: "1-2,4"}, data: [b.jsonl], optimizer: {lr: 1e-3, betas: [0.8, 0.9]}, schedule: {name: cosine}}
                optimizer: {lr: 1e-4, weight_decay: 0.1, clip: 2}
                """);
        assertNull(config.partition().get(0).optimizer());
        assertEquals(new TrainConfig.Optimizer(1e-3, new AdamW.Settings(0.8, 0.9, 1e-8, 0.1, false, 2)), config.partition().get(1).optimizer(), "what is left out is as for all");
        assertEquals("cosine", config.partition().get(1).schedule().name());
        assertEquals(List.of(1e-5, 2.0), config.schedule().rates());
        assertEquals("model\\.layers\\.0\\..*", ((Selection.Named) config.partition().get(0).trainable()).patterns().getFirst().pattern());
        assertEquals(new TreeSet<>(List.of(1, 2, 4)), ((Selection.Placed) config.partition().get(1).trainable()).layers());
        assertEquals(Path.of("b.jsonl"), config.partition().get(1).data().getFirst().file());
    }

    @Test
    void adaptersHaveShortNamesAndPeftsOwn() throws Exception {
        String head = "{model: m, output: o, data: a.jsonl, lora: ";
        TrainConfig ours = read(head + "{r: 64, alpha: 16, rslora: true, dora: false, dropout: 0, targets: [q_proj, v_proj], layers_to_transform: 0-1, rank_pattern: {q_proj: 4}}}");
        TrainConfig pefts = read(head + "{r: 64, lora_alpha: 16, use_rslora: true, use_dora: false, lora_dropout: 0, target_modules: [q_proj, v_proj], layers_to_transform: [0, 1], rank_pattern: {q_proj: 4}}}");
        assertEquals(ours.lora(), pefts.lora());
        assertEquals("{\"peft_type\":\"LORA\",\"task_type\":\"CAUSAL_LM\",\"r\":64,\"lora_alpha\":16,\"use_rslora\":true,\"use_dora\":false,\"lora_dropout\":0,"
                + "\"target_modules\":[\"q_proj\",\"v_proj\"],\"rank_pattern\":{\"q_proj\":4},\"layers_to_transform\":[0,1]}", ours.lora().toString());
        assertTrue(problems(head + "{targets: q_proj, alpha: 1, lora_alpha: 2}}").getFirst().contains("'lora_alpha' says again what 'alpha' says"));
        assertTrue(problems(head + "{r: 4}}").getFirst().contains("targets is missing"));
    }

    @Test
    void allProblemsAreToldAtOnceWithLineAndSuggestion() {
        List<String> problems = problems("""
                model: m
                output: o
                data: a.jsonl
                batchsize: 4
                optimizer: {lr: fast, beta: [1]}
                schedule: {name: cosin}
                trainable: {layers: 5-1, modules: [attn]}
                """);
        assertTrue(problems.stream().anyMatch(each -> each.contains("config.yml:4:1: unknown key 'batchsize' in the configuration | did you mean batch_size?")), problems::toString);
        assertTrue(problems.stream().anyMatch(each -> each.contains("config.yml:5:17: lr must be a number")), problems::toString);
        assertTrue(problems.stream().anyMatch(each -> each.contains("unknown key 'beta' in optimizer | did you mean betas?")), problems::toString);
        assertTrue(problems.stream().anyMatch(each -> each.contains("'cosin' is no value of name") && each.endsWith("did you mean cosine?")), problems::toString);
        assertTrue(problems.stream().anyMatch(each -> each.contains("layers must be layers") && each.contains("found '5-1'")), problems::toString);
        assertTrue(problems.stream().anyMatch(each -> each.contains("'attn' is no value of modules")), problems::toString);
        assertEquals(6, problems.size(), problems::toString);
    }

    @Test
    void whatContradictsItselfIsRefused() {
        String head = "{model: m, output: o, data: a.jsonl, ";
        assertTrue(problems(head + "max_steps: 3, epochs: 1}").getFirst().contains("both say when it ends"));
        assertTrue(problems(head + "select: best}").getFirst().contains("select: best needs a validation loss"));
        assertTrue(problems(head + "schedule: {name: list}}").getFirst().contains("needs rates"));
        assertTrue(problems(head + "trainable: ['(']}").getFirst().contains("no regular expression"));
        assertTrue(problems(head + "trainable: all, partition: [{trainable: all}]}").getFirst().contains("every part says what it trains"));
        assertTrue(problems("{output: o, data: a}").getFirst().contains("model is missing"));
        assertTrue(problems("{model: m, data: a}").getFirst().contains("output is missing"));
        assertTrue(problems("{model: m, output: o}").getFirst().contains("data is missing"));
        assertTrue(problems(head + "dtype: int8}").getFirst().contains("no dtype of weights"));
    }

    @Test
    void oneKeyIsOverridden() throws Exception {
        String text = "{model: m, output: o, data: [{file: a.jsonl, weight: 1}], optimizer: {lr: 1, eps: 1e-6}}";
        TrainConfig config = read(text, "optimizer.lr=1e-4", "data.0.weight=2", "schedule.name=linear", "trainable={layers: [0]}");
        assertEquals(1e-4, config.optimizer().rate());
        assertEquals(1e-6, config.optimizer().settings().epsilon());
        assertEquals(2, config.data().getFirst().weight());
        assertEquals("linear", config.schedule().name());
        assertInstanceOf(Selection.Placed.class, config.trainable());
        assertTrue(problems(text, "optimizer.lrr=1").getFirst().startsWith("--set optimizer.lrr: unknown key 'lrr' in optimizer"));
        assertTrue(problems(text, "lr").getFirst().contains("no key and value"));
    }

    @Test
    void aMapIsReadLikeAFile() throws Exception {
        assertEquals(read("{model: m, output: o, data: [a.jsonl], max_steps: 5, optimizer: {lr: 0.001}}"),
                TrainConfig.of(Map.of("model", "m", "output", Path.of("o"), "data", List.of("a.jsonl"), "max_steps", 5, "optimizer", Map.of("lr", 0.001))));
    }

    /** What graft train --example prints is a configuration whose values are the defaults, but where it says so; what is marked can be unmarked. */
    @Test
    void theExampleIsReadAndSaysTheDefaults() throws Exception {
        String least = "output: path/to/expert\ndata: [{file: a.jsonl, weight: 1}, {file: b.jsonl, weight: 2}]\nvalidation: [{file: held-out.jsonl}]\noptimizer: {lr: 2e-5}\n";
        assertEquals(read(least + "model: path/to/model\nmax_steps: 100"), read(TrainConfig.example()));
        List<String> instead = List.of("model", "epochs", "warmup_ratio", "rates", "trainable", "partition", "  - {trainable");
        List<String> lines = TrainConfig.example().lines().toList();
        StringBuilder more = new StringBuilder();
        for (String line : lines)
            more.append(line.strip().startsWith("#- ") && instead.stream().anyMatch(line.strip().substring(3)::startsWith) ? "" : line.replaceFirst("#- ", "")).append('\n');
        TrainConfig all = read(more.toString());
        assertEquals(List.of(16, 3, DType.F32), List.of(all.lora().get("r").getAsInt(), all.patience(), all.dtype()));
        List<String> marked = lines.stream().filter(line -> line.startsWith("#- ")).map(line -> line.substring(3)).toList();
        for (String line : marked.stream().filter(line -> line.startsWith("trainable")).toList()) assertNotEquals(new Selection.All(), read(least + "model: m\nmax_steps: 1\n" + line).trainable());
        String parts = String.join("\n", marked.stream().filter(line -> line.contains("partition") || line.contains("- {trainable")).toList());
        assertEquals(2, read(least + "model: m\nmax_steps: 1\n" + parts).partition().size());
        assertEquals(1, read(least + "model: m\n" + marked.stream().filter(line -> line.startsWith("epochs")).findFirst().orElseThrow()).epochs());
        assertEquals(0.02, read(least + "max_steps: 1\n" + marked.stream().filter(line -> line.startsWith("model")).findFirst().orElseThrow()).model().fresh().std());
    }

    /** Every key: those of the records under their names in YAML, and those of an adapter. */
    @Test
    void theExampleNamesEveryKey() {
        List<String> keys = new ArrayList<>(List.of("on_non_finite", "early_stop", "r", "layers_to_transform"));
        for (Class<?> part : List.of(TrainConfig.class, TrainConfig.Rates.class, TrainConfig.DataFile.class))
            for (RecordComponent each : part.getRecordComponents()) keys.add(each.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT));
        keys.remove("skip_non_finite"); // the second value of on_non_finite
        for (String[] names : LoraKeys.NAMES) keys.add(names[0]);
        for (String key : keys) assertTrue(Pattern.compile("(^|[\\s{])" + key + ":").matcher(TrainConfig.example()).find(), key);
        String parts = TrainConfig.example().lines().filter(line -> line.contains("- {trainable")).findFirst().orElseThrow();
        for (RecordComponent each : TrainConfig.Part.class.getRecordComponents()) assertTrue(parts.contains(each.getName() + ":"), each.getName());
    }
}
