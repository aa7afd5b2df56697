package io.graft.merge.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.formats.huggingface.HuggingFaceFolder;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.safetensors.SafetensorsWriter;
import io.graft.merge.plan.MergePlan;
import io.graft.tests.kit.Blob;
import io.graft.tests.kit.Checkpoints;
import io.graft.tests.kit.Checkpoints.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeTry;

/** What must be true of merges of any models. */
class MergeProperties {

    private static final int TRIES = 25;

    private Path folder;

    /** The zones of a swap, as fractions of the layers there are. */
    record Zones(double bottom, double top, int transitionBottom, int transitionTop, boolean ramp) {

        String recipe(int layers) {
            int below = (int) (bottom * layers), above = (int) (top * (layers - below));
            return "bottom: " + below + "\ntop: " + above + "\ntransition_bottom: " + transitionBottom + "\ntransition_top: " + transitionTop + "\nramp: " + ramp + "\n";
        }
    }

    @Provide
    Arbitrary<List<Checkpoint>> three() { return Checkpoints.families(3); }

    @Provide
    Arbitrary<Zones> zones() {
        return Combinators.combine(Arbitraries.doubles().between(0, 1), Arbitraries.doubles().between(0, 1), Arbitraries.integers().between(0, 2), Arbitraries.integers().between(0, 2), Arbitraries.of(true, false))
                .as(Zones::new);
    }

    @BeforeTry
    void freshFolder() throws IOException {
        deleteFolder();
        folder = Files.createTempDirectory("graft-laws");
    }

    @AfterProperty
    void deleteFolder() throws IOException {
        if (folder == null) return;
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(each);
        }
    }

    @Property(tries = TRIES)
    void aSwapOfAModelWithItselfIsThatModel(@ForAll("three") List<Checkpoint> family, @ForAll("zones") Zones zones) throws IOException {
        Path a = family.getFirst().write(folder.resolve("a"));
        for (String origin : List.of("language", "task", "average")) {
            Path out = merge(origin, "merge_method: layer_swap\nbase_model: " + a + "\nlanguage: " + a + "\ntask: " + a + "\nembeddings: " + origin + "\nfinal_norm: " + origin + "\n" + zones.recipe(family.getFirst().layers()));
            assertSameBits(a, out);
        }
    }

    @Property(tries = TRIES)
    void allLayersOfTheLanguageExpertAreThatExpert(@ForAll("three") List<Checkpoint> family) throws IOException {
        Path language = family.get(0).write(folder.resolve("language")), task = family.get(1).write(folder.resolve("task"));
        Path out = merge("out", "merge_method: layer_swap\nlanguage: " + language + "\ntask: " + task + "\nembeddings: language\nfinal_norm: language\n" + (family.getFirst().tied() ? "" : "lm_head: language\n")
                + "bottom: " + family.getFirst().layers() + "\ntop: 0\n");
        assertSameBits(language, out);
    }

    /** base + share · (language − base) + (1 − share) · (task − base), to the rounding of the result. */
    @Property(tries = TRIES)
    void aSwapIsTheBaseAndMaskedTaskVectors(@ForAll("three") List<Checkpoint> family, @ForAll("zones") Zones zones) throws IOException {
        Path base = family.get(0).write(folder.resolve("base")), language = family.get(1).write(folder.resolve("language")), task = family.get(2).write(folder.resolve("task"));
        int layers = family.getFirst().layers();
        Path out = merge("out", "merge_method: layer_swap\nbase_model: " + base + "\nlanguage: " + language + "\ntask: " + task + "\n" + zones.recipe(layers));
        Map<String, double[]> b = values(base), l = values(language), t = values(task), found = values(out);
        double step = step(family.getFirst());
        for (String name : found.keySet()) {
            if (!name.startsWith("model.layers.")) continue;
            double share = share(Integer.parseInt(name.split("\\.")[2]), layers, zones);
            for (int i = 0; i < found.get(name).length; i++) {
                double base1 = b.get(name)[i], ours = l.get(name)[i], theirs = t.get(name)[i];
                double expected = base1 + share * (ours - base1) + (1 - share) * (theirs - base1);
                assertEquals(expected, found.get(name)[i], step * Math.max(Math.abs(ours), Math.abs(theirs)) + 1e-14, name);
            }
        }
    }

    private static double share(int layer, int layers, Zones zones) {
        int bottom = (int) (zones.bottom * layers), top = (int) (zones.top * (layers - bottom));
        if (layer < bottom || layer >= layers - top) return 1;
        if (layer < bottom + zones.transitionBottom) return zones.ramp ? 1 - (layer - bottom + 1) / (zones.transitionBottom + 1.0) : 0.5;
        if (layer >= layers - top - zones.transitionTop) return zones.ramp ? 1 - (layers - top - layer) / (zones.transitionTop + 1.0) : 0.5;
        return 0;
    }

    /** In 16 bits exactly; F32 has no room for the rounding of products and sums. */
    @Property(tries = TRIES)
    void theLinearMergeOfAHalfWidthModelWithItselfIsThatModel(@ForAll("three") List<Checkpoint> family, @ForAll @Size(min = 2, max = 5) List<@DoubleRange(min = 0.05, max = 3) Double> weights) throws IOException {
        if (family.getFirst().tensors().getFirst().dtype() == DType.F32) return;
        Path a = family.getFirst().write(folder.resolve("a"));
        StringBuilder recipe = new StringBuilder("merge_method: linear\nmodels:\n");
        for (double weight : weights) recipe.append("- model: ").append(a).append("\n  parameters: {weight: ").append(weight).append("}\n");
        assertSameBits(a, merge("out", recipe.toString()));
    }

    /** Half the lambda, half the way; the whole way back is the base: to three roundings in F32. */
    @Property(tries = TRIES)
    void taskVectorsAreLinearAndHaveInverses(@ForAll("three") List<Checkpoint> family) throws IOException {
        Path base = family.get(0).write(folder.resolve("base")), a = family.get(1).write(folder.resolve("a"));
        Map<String, double[]> b = values(base), x = values(a), half = values(merge("half", arithmetic(base, a, 1, 0.5))), whole = values(merge("whole", arithmetic(base, a, 1, 1)));
        Map<String, double[]> back = values(merge("back", "merge_method: task_arithmetic\nbase_model: " + folder.resolve("whole") + "\nmodels:\n- model: " + a + "\n  parameters: {weight: 1}\n- model: " + base
                + "\n  parameters: {weight: 1}\ndtype: float32\n"));
        for (String name : whole.keySet()) {
            for (int i = 0; i < whole.get(name).length; i++) {
                double scale = 0x1p-22 * (Math.abs(b.get(name)[i]) + Math.abs(x.get(name)[i]));
                assertEquals(x.get(name)[i], whole.get(name)[i], scale, name);
                assertEquals((b.get(name)[i] + x.get(name)[i]) / 2, half.get(name)[i], scale, name);
                assertEquals(b.get(name)[i], back.get(name)[i], 2 * scale, name);
            }
        }
    }

    private static String arithmetic(Path base, Path a, double weight, double lambda) {
        return "merge_method: task_arithmetic\nbase_model: " + base + "\nmodels:\n- model: " + a + "\n  parameters: {weight: " + weight + "}\nparameters: {lambda: " + lambda + "}\ndtype: float32\n";
    }

    /** The swapped adapter, merged, is the swap of the merged models: F32, to the roundings of two merges of rank 4. */
    @Property(tries = TRIES)
    void swappingCommutesWithMergingAdapters(@ForAll("zones") Zones zones, @ForAll long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        int layers = 4, hidden = 8;
        Path base = Checkpoints.of(layers, hidden, false, DType.F32, random).write(folder.resolve("base"));
        Path one = adapter("one", layers, hidden, random), two = adapter("two", layers, hidden, random);
        String swap = "merge_method: layer_swap\nbase_model: " + base + "\nlanguage: " + base + "+" + one + "\ntask: " + base + "+" + two + "\n" + zones.recipe(layers);
        Map<String, double[]> models = values(merge("models", swap));
        Path adapter = merge("adapter", swap + "output: adapter\n");
        assertTrue(Files.exists(adapter.resolve("adapter_config.json")) && !Files.exists(adapter.resolve("config.json")));
        try (ModelSource adapted = Models.open(base + "+" + adapter)) {
            for (SourceTensor tensor : adapted.tensors().values()) {
                double[] expected = models.get(tensor.name());
                try (Tensor found = Tensor.allocate("found", DType.F32, tensor.shape())) {
                    tensor.readF32(0, expected.length, found.segment());
                    for (int i = 0; i < expected.length; i++) assertEquals(expected[i], found.segment().getAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, i), 64 * 0x1p-23, tensor.name() + "[" + i + "]");
                }
            }
        }
    }

    private Path adapter(String name, int layers, int hidden, SplittableRandom random) throws IOException {
        List<Blob> factors = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            String module = "base_model.model.model.layers." + i + ".self_attn.q_proj.";
            factors.add(Blob.finite(module + "lora_A.weight", DType.F32, Shape.of(2, hidden), random));
            factors.add(Blob.finite(module + "lora_B.weight", DType.F32, Shape.of(hidden, 2), random));
        }
        Path place = Files.createDirectories(folder.resolve(name));
        List<Tensor> tensors = Blob.tensors(factors);
        try {
            SafetensorsWriter.write(place.resolve("adapter_model.safetensors"), Map.of("format", "pt"), tensors);
        } finally {
            tensors.forEach(Tensor::close);
        }
        Files.writeString(place.resolve("adapter_config.json"), "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"target_modules\": [\"q_proj\"], \"bias\": \"none\"}");
        return place;
    }

    private Path merge(String name, String recipe) throws IOException {
        Path file = Files.writeString(folder.resolve(name + ".yml"), recipe);
        try (MergePlan plan = Models.plan(file)) {
            Merge.run(plan, folder.resolve(name), MergeOptions.defaults().withThreads(2));
        }
        return folder.resolve(name);
    }

    private static double step(Checkpoint model) {
        return switch (model.tensors().getFirst().dtype()) {
            case BF16 -> 0x1p-7;
            case F16 -> 0x1p-10;
            default -> 0x1p-23;
        };
    }

    private static Map<String, double[]> values(Path folder) {
        Map<String, double[]> all = new LinkedHashMap<>();
        try (HuggingFaceFolder model = HuggingFaceFolder.open(folder)) {
            for (SourceTensor tensor : model.tensors().values()) all.put(tensor.name(), Golden.values(tensor));
        }
        return all;
    }

    private static void assertSameBits(Path expected, Path found) {
        try (HuggingFaceFolder e = HuggingFaceFolder.open(expected); HuggingFaceFolder f = HuggingFaceFolder.open(found)) {
            assertEquals(e.tensors().keySet(), f.tensors().keySet());
            for (SourceTensor tensor : e.tensors().values()) assertArrayEquals(Golden.bytes(tensor), Golden.bytes(f.tensors().get(tensor.name())), tensor.name());
        }
    }
}
