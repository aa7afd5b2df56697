package io.graft.merge.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.formats.json.Json;
import io.graft.merge.recipe.MethodSpec;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.recipe.RecipeReader;
import io.graft.tests.Fixtures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every golden recipe is planned as its manifest says, or refused where it must be. */
class GoldenPlanTest {

    private static MergePlan plan(Path root, String recipe) {
        Recipe read = RecipeReader.read(recipe, Json.readText(root.resolve(recipe)));
        return Planner.plan(read, argument -> HeaderModel.of(root, argument));
    }

    @TestFactory
    Stream<DynamicTest> everyRecipeOfARunnableMethodIsPlanned() {
        Path root = Fixtures.requireAll("fixtures/merge", "models/large");
        return cases(root).filter(each -> !each.get("category").getAsString().equals("rejected") && MethodSpec.of(each.get("method").getAsString()).orElseThrow().supported())
                .map(each -> DynamicTest.dynamicTest(each.get("id").getAsString(), () -> {
                    try (MergePlan plan = plan(root, each.get("recipe").getAsString())) {
                        HeaderModel expected = expected(root, each.get("expected").getAsString());
                        assertEquals(headers(expected), plan.tensors().stream().map(tensor -> tensor.name() + " " + tensor.dtype() + " " + tensor.shape()).collect(Collectors.toCollection(TreeSet::new)));
                        assertEquals(each.get("num_hidden_layers").getAsInt(), plan.config().get("num_hidden_layers").getAsInt());
                        if (each.has("vocab_size")) assertEquals(each.get("vocab_size").getAsInt(), plan.config().get("vocab_size").getAsInt());
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> everyRecipeThatMustBeRefusedIs() {
        Path root = Fixtures.requireCommitted("fixtures/merge");
        Map<String, String> words = Map.ofEntries(Map.entry("linear_missing_weight", "weight is missing for models/tiny/a"), Map.entry("linear_weights_sum_to_0", "sum of the weights is zero"),
                Map.entry("slerp_three_models", "exactly 2 models"), Map.entry("slerp_t_under_a_model", "t belongs to the method"), Map.entry("slerp_no_base", "base_model is missing"),
                Map.entry("passthrough_two_models", "exactly 1 model"), Map.entry("ties_no_base", "base_model is missing"), Map.entry("della_epsilon_too_large", "not supported yet"),
                Map.entry("nuslerp_three_models", "exactly 2 models beside the base"), Map.entry("model_stock_one_model", "at least 2 models beside the base"),
                Map.entry("slices_of_unequal_length", "same number of layers"), Map.entry("layer_range_past_the_end", "past the last layer"), Map.entry("layer_range_negative", "the end of layer_range"),
                Map.entry("models_and_slices", "exclude each other"), Map.entry("unknown_method", "'linearr' is no merge method"), Map.entry("unknown_dtype", "'float99' is no dtype"),
                Map.entry("unknown_key", "unknown key 'weigth'"), Map.entry("model_folder_missing", "models/tiny/nowhere"), Map.entry("vocabulary_multislerp", "not supported yet"),
                Map.entry("vocabulary_smaller_than_base", "has fewer rows than the base's"), Map.entry("shapes_differ", "same number of layers"));
        List<JsonObject> all = cases(root).filter(each -> each.get("category").getAsString().equals("rejected")).toList();
        assertEquals(words.size(), all.size());
        return all.stream().map(each -> DynamicTest.dynamicTest(each.get("id").getAsString(), () -> {
            String id = each.get("id").getAsString().substring("rejected/".length());
            RequestException refused = assertThrows(RequestException.class, () -> plan(root, each.get("recipe").getAsString()).close());
            assertTrue(refused.getMessage().contains(words.get(id)), refused.getMessage());
        }));
    }

    @Test
    void twoMistakesAreBothTold() {
        Path root = Fixtures.requireCommitted("fixtures/merge");
        RequestException refused = assertThrows(RequestException.class, () -> plan(root, "cases/rejected/unknown_key.yml").close());
        assertEquals("cases/rejected/unknown_key.yml:5:5: unknown key 'weigth' in parameters", refused.getMessage());
        assertEquals("did you mean weight?", refused.hint());
        assertEquals("cases/rejected/unknown_key.yml:8:3: unknown key 'weight' in an entry of models", refused.getSuppressed()[0].getMessage());
        assertEquals("put weight under parameters", ((RequestException) refused.getSuppressed()[0]).hint());
    }

    @TestFactory
    Stream<DynamicTest> everyReferenceSwapHasItsSharesAndOrigins() {
        Path root = Fixtures.requireAll("fixtures/merge", "models/large");
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonElement each : Json.readObject(root.resolve("layer_swap/manifest.json")).getAsJsonArray("swaps")) {
            JsonObject swap = each.getAsJsonObject();
            tests.add(DynamicTest.dynamicTest(swap.get("id").getAsString(), () -> followsItsManifest(root, swap)));
        }
        return tests.stream();
    }

    private static void followsItsManifest(Path root, JsonObject swap) {
        List<String> lines = new ArrayList<>(List.of("merge_method: layer_swap"));
        lines.add("base_model: " + swap.get("base").getAsString());
        lines.add("language: " + swap.get("language").getAsString());
        lines.add("task: " + swap.get("math").getAsString());
        for (String key : List.of("bottom", "top", "transition_bottom", "transition_top", "ramp")) lines.add(key + ": " + swap.get(key).getAsString());
        for (String key : List.of("embeddings", "final_norm", "lm_head")) lines.add(key + ": " + swap.get(key).getAsString().replace("math", "task"));
        lines.add("modules: " + swap.get("modules"));
        boolean half = swap.get("language").getAsString().endsWith("bf16");
        try (MergePlan plan = Planner.plan(RecipeReader.read("swap.yml", String.join("\n", lines)), argument -> HeaderModel.of(root, argument))) {
            Map<String, String> place = Map.of("model.embed_tokens.weight", "embeddings", "model.norm.weight", "final_norm", "lm_head.weight", "lm_head");
            for (TensorPlan tensor : plan.tensors()) {
                assertEquals(half ? DType.BF16 : DType.F32, tensor.dtype());
                String key = place.get(tensor.name());
                if (key != null) assertEquals(swap.get(key).getAsString(), origin(plan, tensor));
                else {
                    int layer = Integer.parseInt(tensor.name().split("\\.")[2]);
                    String module = tensor.name().contains("self_attn") ? "attention" : tensor.name().contains("mlp") ? "mlp" : "norm";
                    boolean follows = swap.getAsJsonArray("modules").asList().stream().anyMatch(it -> it.getAsString().equals(module));
                    assertEquals(follows ? swap.getAsJsonArray("layer_shares").get(layer).getAsDouble() : 0, share(plan, tensor), 1e-15, tensor.name());
                }
            }
            assertFalse(plan.metadata().isEmpty());
        }
    }

    private static String origin(MergePlan plan, TensorPlan tensor) {
        return switch (tensor.operation()) {
            case Operation.Copy copy -> {
                for (int i = 0; i < 3; i++) if (plan.inputs().get(i).tensors().get(tensor.name()) == copy.from()) yield List.of("language", "math", "base").get(i);
                yield "none of the inputs";
            }
            case Operation.Blend blend when blend.share() == 0.5 -> "average";
            default -> tensor.operation().toString();
        };
    }

    private static double share(MergePlan plan, TensorPlan tensor) {
        return switch (tensor.operation()) {
            case Operation.Blend blend -> blend.share();
            case Operation.Copy copy when copy.from() == plan.inputs().get(0).tensors().get(tensor.name()) -> 1;
            case Operation.Copy copy when copy.from() == plan.inputs().get(1).tensors().get(tensor.name()) -> 0;
            default -> Double.NaN;
        };
    }

    private static TreeSet<String> headers(HeaderModel model) {
        return model.tensors().values().stream().map(tensor -> tensor.name() + " " + tensor.dtype() + " " + tensor.shape()).collect(Collectors.toCollection(TreeSet::new));
    }

    private static HeaderModel expected(Path root, String file) { return HeaderModel.file("expected", "{}", root.resolve(file)); }

    private static Stream<JsonObject> cases(Path root) { return Json.readObject(root.resolve("manifest.json")).getAsJsonArray("cases").asList().stream().map(JsonElement::getAsJsonObject); }
}
