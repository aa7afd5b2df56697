package io.graft.merge.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.huggingface.HuggingFaceFolder;
import io.graft.formats.safetensors.SafetensorsModel;
import io.graft.merge.plan.MergePlan;
import io.graft.tests.Fixtures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Golden merges end to end: recipe, plan, run, file, each by the rule that its manifest states. */
class GoldenMergeTest {

    private static final Set<String> METHODS = Set.of("linear", "slerp", "task_arithmetic", "passthrough", "ties", "dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties");
    private static final MergeOptions OPTIONS = MergeOptions.defaults().withThreads(2);

    @TempDir
    Path temporary;

    @TestFactory
    Stream<DynamicTest> everyCaseOfTheMethodsThatRun() {
        Path root = Fixtures.requireAll("fixtures/merge", "models/large");
        return runnable(root).stream().map(each -> DynamicTest.dynamicTest(each.get("id").getAsString(), () -> run(root, each)));
    }

    /** Each method and each dtype without the shared folder. */
    @Test
    void theCommittedCasesStandForEachMethodAndDtype() {
        Path root = Fixtures.requireCommitted("fixtures/merge");
        List<JsonObject> there = runnable(root).stream().filter(each -> Files.exists(root.resolve(each.get("expected").getAsString()))).toList();
        assertTrue(there.stream().map(each -> each.get("method").getAsString()).toList().containsAll(METHODS));
        Set<Object> dtypes = new java.util.HashSet<>();
        for (JsonObject each : there) {
            run(root, each);
            try (SafetensorsModel expected = SafetensorsModel.open(root.resolve(each.get("expected").getAsString()))) {
                for (SourceTensor tensor : expected.tensors().values()) dtypes.add(tensor.dtype().name());
            }
        }
        assertTrue(dtypes.containsAll(Set.of("F32", "BF16", "F16", "I64")), dtypes.toString());
    }

    private static List<JsonObject> runnable(Path root) {
        return Golden.cases(root, "manifest.json", "cases").stream().filter(each -> !each.get("category").getAsString().equals("rejected") && METHODS.contains(each.get("method").getAsString())).toList();
    }

    private void run(Path root, JsonObject each) {
        Path out = temporary.resolve(each.get("id").getAsString());
        try (MergePlan plan = Golden.plan(root, Json.readText(root.resolve(each.get("recipe").getAsString())), each.has("random_seed") ? each.get("random_seed").getAsLong() : 0)) {
            Merge.run(plan, out, OPTIONS);
        }
        Golden.compare(root.resolve(each.get("expected").getAsString()), out, each.getAsJsonObject("tolerance"));
        assertEquals(each.get("num_hidden_layers").getAsInt(), Json.readObject(out.resolve("config.json")).get("num_hidden_layers").getAsInt());
    }

    @TestFactory
    Stream<DynamicTest> everyLayerSwap() {
        Path root = Fixtures.requireAll("fixtures/merge", "models/large");
        return Golden.cases(root, "layer_swap/manifest.json", "swaps").stream().map(each -> DynamicTest.dynamicTest(each.get("id").getAsString(), () -> swap(root, each)));
    }

    @Test
    void theCommittedLayerSwaps() {
        Path root = Fixtures.requireCommitted("fixtures/merge");
        int count = 0;
        for (JsonObject each : Golden.cases(root, "layer_swap/manifest.json", "swaps")) {
            if (!Files.exists(root.resolve(each.get("expected").getAsString()))) continue;
            swap(root, each);
            count++;
        }
        assertEquals(4, count);
    }

    private void swap(Path root, JsonObject each) {
        StringBuilder recipe = new StringBuilder("merge_method: layer_swap\nbase_model: " + each.get("base").getAsString() + "\nlanguage: " + each.get("language").getAsString() + "\ntask: "
                + each.get("math").getAsString() + "\n");
        for (String key : List.of("bottom", "top", "transition_bottom", "transition_top", "ramp", "modules")) recipe.append(key).append(": ").append(each.get(key)).append('\n');
        for (String key : List.of("embeddings", "final_norm", "lm_head")) recipe.append(key).append(": ").append(each.get(key).getAsString().replace("math", "task")).append('\n');
        Path out = temporary.resolve(each.get("id").getAsString());
        try (MergePlan plan = Golden.plan(root, recipe.toString())) {
            Merge.run(plan, out, OPTIONS);
        }
        JsonObject equal = new JsonObject();
        equal.addProperty("rule", "equal-bits");
        if (!each.get("ramp").getAsBoolean()) {
            Golden.compare(root.resolve(each.get("expected").getAsString()), out, equal);
            return;
        }
        try (SafetensorsModel expected = SafetensorsModel.open(root.resolve(each.get("expected").getAsString())); HuggingFaceFolder found = HuggingFaceFolder.open(out);
                HuggingFaceFolder language = HuggingFaceFolder.open(root.resolve(each.get("language").getAsString())); HuggingFaceFolder math = HuggingFaceFolder.open(root.resolve(each.get("math").getAsString()))) {
            assertEquals(expected.tensors().keySet(), found.tensors().keySet());
            for (SourceTensor want : expected.tensors().values()) {
                double step = want.dtype() == io.graft.engine.memory.DType.F32 ? 0x1p-23 : 0x1p-7;
                double[] w = Golden.values(want), h = Golden.values(found.tensors().get(want.name()));
                double[] l = Golden.values(language.tensors().get(want.name())), m = Golden.values(math.tensors().get(want.name()));
                for (int i = 0; i < w.length; i++) assertEquals(w[i], h[i], step * Math.max(Math.abs(l[i]), Math.abs(m[i])), want.name() + "[" + i + "]");
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> everyReset() {
        Path root = Fixtures.requireAll("fixtures/merge", "models/large");
        return Golden.cases(root, "layer_swap/manifest.json", "resets").stream().map(each -> DynamicTest.dynamicTest(each.get("id").getAsString(), () -> reset(root, each)));
    }

    @Test
    void theCommittedReset() {
        Path root = Fixtures.requireCommitted("fixtures/merge");
        for (JsonObject each : Golden.cases(root, "layer_swap/manifest.json", "resets")) if (each.get("id").getAsString().equals("reset_outer_and_non_layers")) reset(root, each);
    }

    private void reset(Path root, JsonObject each) {
        List<String> nonLayer = each.getAsJsonArray("non_layer_tensors").asList().stream().map(name -> switch (name.getAsString()) {
            case "embed_tokens" -> "embeddings";
            case "norm" -> "final_norm";
            default -> name.getAsString();
        }).toList();
        Path out = temporary.resolve(each.get("id").getAsString());
        try (MergePlan plan = Golden.plan(root, "merge_method: reset\nbase_model: " + each.get("base").getAsString() + "\nexpert: " + each.get("expert").getAsString() + "\nlayers: " + each.get("layers")
                + "\nmodules: " + each.get("modules") + "\nnon_layer: " + nonLayer + "\n")) {
            MergeSummary done = Merge.run(plan, out, OPTIONS);
            assertEquals(done.bytes(), done.copiedBytes());
        }
        JsonObject equal = new JsonObject();
        equal.addProperty("rule", "equal-bits");
        Golden.compare(root.resolve(each.get("expected").getAsString()), out, equal);
    }
}
