package io.graft.merge.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.merge.LayerSwapBuilder;
import io.graft.merge.Recipes;
import io.graft.merge.recipe.LayerSwap.Module;
import io.graft.merge.recipe.LayerSwap.Origin;
import io.graft.merge.recipe.Recipe;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlannerTest {

    private final Map<String, HeaderModel> models = new HashMap<>();

    private HeaderModel llama(String name, int layers) { return put(HeaderModel.llama(name, layers, false, DType.F32)); }

    private HeaderModel put(HeaderModel model) {
        models.put(model.name(), model);
        return model;
    }

    private MergePlan plan(Recipe recipe) { return Planner.plan(recipe, models::get); }

    private MergePlan plan(String yaml) { return plan(Recipes.of("r.yml", yaml)); }

    private static Operation operation(MergePlan plan, String name) { return plan.tensors().stream().filter(tensor -> tensor.name().equals(name)).findFirst().orElseThrow().operation(); }

    private static float weight(MergePlan plan, String name, int term) { return ((Operation.Linear) operation(plan, name)).terms().get(term).weight(); }

    private String refused(Recipe recipe) { return assertThrows(RequestException.class, () -> plan(recipe)).getMessage(); }

    @Test
    void aModelsParameterWinsThenTheSlicesThenTheRecipes() {
        llama("a", 2);
        llama("b", 2);
        try (MergePlan plan = plan("""
                merge_method: linear
                slices:
                  - sources:
                      - {model: a, layer_range: [0, 1], parameters: {weight: [{filter: mlp, value: 0.125}]}}
                      - {model: b, layer_range: [0, 1]}
                    parameters: {weight: [{filter: norm, value: 0.25}]}
                  - sources:
                      - {model: a, layer_range: [1, 2]}
                      - {model: b, layer_range: [1, 2], parameters: {weight: 2}}
                parameters: {weight: 0.5}
                """)) {
            assertEquals(0.125f, weight(plan, "model.layers.0.mlp.up_proj.weight", 0));
            assertEquals(0.25f, weight(plan, "model.layers.0.input_layernorm.weight", 0));
            assertEquals(0.5f, weight(plan, "model.layers.0.self_attn.q_proj.weight", 0));
            assertEquals(0.5f, weight(plan, "model.layers.0.mlp.up_proj.weight", 1));
            assertEquals(0.5f, weight(plan, "model.embed_tokens.weight", 1), "the first slice's");
            assertEquals(2f, weight(plan, "model.norm.weight", 1), "the last slice's");
            assertEquals(2f, weight(plan, "lm_head.weight", 1));
        }
    }

    @Test
    void aGradientRunsOverTheSliceAndEndsAreExact() {
        llama("a", 5);
        try (MergePlan plan = plan("""
                merge_method: linear
                slices:
                  - sources: [{model: a, layer_range: [0, 3], parameters: {weight: [0.25, 0.75]}}]
                  - sources: [{model: a, layer_range: [3, 4], parameters: {weight: [0.25, 0.75]}}]
                """)) {
            assertEquals(List.of(0.25f, 0.5f, 0.75f, 0.75f), List.of(weight(plan, "model.layers.0.mlp.up_proj.weight", 0), weight(plan, "model.layers.1.mlp.up_proj.weight", 0),
                    weight(plan, "model.layers.2.mlp.up_proj.weight", 0), weight(plan, "model.layers.3.mlp.up_proj.weight", 0)), "one layer alone has the last value");
            assertEquals(0.25f, weight(plan, "lm_head.weight", 0), "what is in no layer has the first value");
        }
    }

    /** Filters see the output's name for the method's parameters, the input's for a model's. */
    @Test
    void filtersSeeTheNameOfTheirSide() {
        llama("a", 4);
        llama("b", 4);
        Recipe slerp = Recipes.of("r.yml", """
                merge_method: slerp
                base_model: a
                slices:
                  - sources: [{model: a, layer_range: [2, 3]}, {model: b, layer_range: [2, 3]}]
                parameters: {t: [{filter: layers.0., value: 0.125}, {value: 0.5}]}
                """);
        try (MergePlan plan = plan(slerp)) {
            assertEquals(0.125, ((Operation.Slerp) operation(plan, "model.layers.0.mlp.up_proj.weight")).t());
        }
        try (MergePlan plan = plan("""
                merge_method: passthrough
                slices:
                  - sources: [{model: a, layer_range: [2, 3], parameters: {scale: [{filter: layers.2., value: 0.125}]}}]
                """)) {
            assertEquals(0.125f, ((Operation.Scale) operation(plan, "model.layers.0.mlp.up_proj.weight")).factor());
        }
    }

    @Test
    void layersAreRenumberedAndTheConfigFollows() {
        HeaderModel a = put(new HeaderModel("a", "{\"num_hidden_layers\": 3, \"layer_types\": [\"x\", \"y\", \"z\"], \"eos_token_id\": [1, 2, 3], \"mine\": 1}"));
        for (int i = 0; i < 3; i++) a.with("model.layers." + i + ".mlp.weight", DType.BF16, 2, 2);
        try (MergePlan plan = plan("""
                merge_method: passthrough
                slices:
                  - sources: [{model: a, layer_range: [1, 3]}]
                  - sources: [{model: a, layer_range: [0, 2]}]
                dtype: float16
                """)) {
            assertEquals("{\"num_hidden_layers\":4,\"layer_types\":[\"y\",\"z\",\"x\",\"y\"],\"eos_token_id\":[1,2,3],\"mine\":1,\"torch_dtype\":\"float16\"}", plan.config().toString());
            assertEquals(List.of("model.layers.1.mlp.weight", "model.layers.2.mlp.weight", "model.layers.0.mlp.weight", "model.layers.1.mlp.weight"),
                    plan.tensors().stream().map(tensor -> ((Operation.Copy) tensor.operation()).from().name()).toList());
            assertFalse(plan.tensors().getFirst().isCopied(), "bf16 to f16 is computed");
        }
    }

    @Test
    void countsAndDtypesStandInTheNestedConfigToo() {
        HeaderModel a = put(new HeaderModel("a", "{\"text_config\": {\"num_hidden_layers\": 2, \"dtype\": \"bfloat16\"}}"));
        for (int i = 0; i < 2; i++) a.with("model.language_model.layers." + i + ".mlp.weight", DType.BF16, 2, 2).with("model.vision_tower.layers." + i + ".mlp.weight", DType.BF16, 2, 2);
        try (MergePlan plan = plan("merge_method: passthrough\nslices: [{sources: [{model: a, layer_range: [0, 1]}]}]\ndtype: float32")) {
            assertEquals("{\"text_config\":{\"num_hidden_layers\":1,\"dtype\":\"float32\"}}", plan.config().toString());
            assertEquals(3, plan.tensors().size(), "one layer of text, both of the tower");
        }
    }

    @Test
    void withoutDtypesTaskVectorsHaveTheBasesAndOthersTheWidest() {
        put(HeaderModel.llama("half", 1, false, DType.F16));
        put(HeaderModel.llama("brain", 1, false, DType.BF16));
        try (MergePlan plan = plan(Recipes.method("linear").model("half", 1).model("brain", 1).build())) {
            assertEquals(DType.F32, plan.tensors().getFirst().dtype());
        }
        try (MergePlan plan = plan(Recipes.method("task_arithmetic").base("half").model("brain", 1).build())) {
            assertEquals(DType.F16, plan.tensors().getFirst().dtype());
        }
        try (MergePlan plan = plan(Recipes.layerSwap("half", "half").base("brain").bottom(0).top(0).build())) {
            assertEquals(DType.BF16, plan.tensors().getFirst().dtype());
        }
    }

    @Test
    void aMissingTensorIsNamedWithItsModel() {
        llama("a", 2);
        llama("b", 2).without("model.layers.1.mlp.up_proj.weight");
        assertEquals("b: model.layers.1.mlp.up_proj.weight: a tensor is missing; expected all models to have what a has, found nothing", refused(Recipes.method("linear").model("a", 1).model("b", 1).build()));
    }

    @Test
    void aShapeThatDiffersIsNamedAndTheOthersAreCounted() {
        llama("a", 2);
        llama("b", 2).with("model.layers.0.mlp.up_proj.weight", DType.F32, 4, 2).with("model.layers.1.mlp.up_proj.weight", DType.F32, 4, 2);
        assertEquals("b: model.layers.0.mlp.up_proj.weight: shapes differ (and 1 more tensor); expected [3, 2] as in a, found [4, 2]", refused(Recipes.method("linear").model("a", 1).model("b", 1).build()));
    }

    @Test
    void everyInputIsClosedWhenPlanningFails() {
        llama("a", 2);
        llama("b", 3);
        refused(Recipes.method("linear").model("a", 1).model("b", 1).build());
        assertTrue(models.get("a").closed && models.get("b").closed);
    }

    @Test
    void integersAndTablesAreCopiedFromTheBase() {
        for (String name : List.of("a", "base")) put(HeaderModel.llama(name, 1, false, DType.F32)).with("ids", DType.I64, 3).with("model.rotary_emb.inv_freq", DType.F32, 4);
        try (MergePlan plan = plan(Recipes.method("task_arithmetic").base("base").model("a", 1).dtype(DType.BF16).build())) {
            assertEquals(models.get("base").tensors().get("ids"), assertInstanceOf(Operation.Copy.class, operation(plan, "ids")).from());
            assertTrue(plan.tensors().stream().filter(tensor -> tensor.name().contains("inv_freq") || tensor.name().equals("ids")).allMatch(TensorPlan::isCopied));
        }
    }

    @Test
    void aTiedHeadBesideAFreeOneIsUntied() {
        put(HeaderModel.llama("tied", 1, true, DType.F32));
        llama("free", 1);
        try (MergePlan plan = plan(Recipes.method("linear").model("tied", 1).model("free", 1).build())) {
            Operation.Linear head = (Operation.Linear) operation(plan, "lm_head.weight");
            assertEquals("model.embed_tokens.weight", head.terms().get(0).tensor().name());
            assertFalse(plan.config().get("tie_word_embeddings").getAsBoolean());
            assertTrue(plan.warnings().stream().anyMatch(warning -> warning.contains("tie the head")));
        }
    }

    @Test
    void aModelTwiceInASliceIsTwoInputs() {
        llama("a", 3);
        try (MergePlan plan = plan(Recipes.method("linear").slice().source("a", 0, 2, Map.of("weight", 0.25)).source("a", 1, 3, Map.of("weight", 0.5)).build())) {
            Operation.Linear layer = (Operation.Linear) operation(plan, "model.layers.0.mlp.up_proj.weight");
            assertEquals("[model.layers.0.mlp.up_proj.weight 0.25, model.layers.1.mlp.up_proj.weight 0.5]", layer.terms().stream().map(term -> term.tensor().name() + " " + term.weight()).toList().toString());
            assertEquals(1, plan.inputs().size());
        }
    }

    @Test
    void anUnlistedBaseOfLinearGivesConfigAndTokenizerOnly() {
        llama("a", 1);
        put(new HeaderModel("base", "{\"mine\": true}"));
        try (MergePlan plan = plan(Recipes.method("linear").base("base").model("a", 1).build())) {
            assertEquals(1, ((Operation.Linear) operation(plan, "lm_head.weight")).terms().size());
            assertTrue(plan.config().has("mine"));
            assertEquals("base", plan.sideFiles().orElseThrow().toString());
        }
    }

    private LayerSwapBuilder swap() {
        llama("l", 4);
        llama("t", 4);
        return Recipes.layerSwap("l", "t").bottom(1).top(1);
    }

    @Test
    void zonesThatOverlapAreRefused() {
        assertEquals("layer_swap made in Java:4:1: the zones overlap: bottom and top together are more than the layers there are; expected at most 4, found 5", refused(swap().bottom(3).top(2).build()));
        try (MergePlan plan = plan(swap().bottom(2).top(2).build())) {
            assertEquals(15, PlanSummary.of(plan, Long.MAX_VALUE).copiedTensors(), "12 of layers and 3 outside");
        }
    }

    @Test
    void layersAreCheckedAgainstTheConfig() {
        swap();
        put(HeaderModel.llama("t", 4, false, DType.F32)).with("model.layers.4.mlp.up_proj.weight", DType.F32, 3, 2);
        assertTrue(refused(Recipes.layerSwap("l", "t").bottom(1).top(1).build()).startsWith("t: its layers cannot be told from its names; expected 4 layers in one stack"));
    }

    @ParameterizedTest
    @CsvSource({"LANGUAGE, true", "TASK, false"})
    void aTiedHeadFollowsTheEmbeddings(Origin head, boolean fine) {
        put(HeaderModel.llama("l", 4, true, DType.F32));
        put(HeaderModel.llama("t", 4, true, DType.F32));
        Recipe recipe = Recipes.layerSwap("l", "t").bottom(1).top(1).embeddings(Origin.LANGUAGE).lmHead(head).build();
        if (fine) plan(recipe).close();
        else assertTrue(refused(recipe).contains("tie the head to the embeddings"), refused(recipe));
        try (MergePlan plan = plan(Recipes.layerSwap("l", "t").bottom(1).top(1).build())) {
            assertEquals("tied to embeddings", plan.metadata().get("graft.lm_head"));
        }
    }

    @Test
    void sumIsBothTaskVectorsUponTheBase() {
        llama("b", 4);
        try (MergePlan plan = plan(swap().base("b").embeddings(Origin.SUM).build())) {
            Operation.Sum sum = assertInstanceOf(Operation.Sum.class, operation(plan, "model.embed_tokens.weight"));
            assertEquals(List.of("l", "t", "b"), plan.inputs().stream().filter(input -> sum.inputs().stream().anyMatch(each -> input.tensors().containsValue(each))).map(input -> input.name()).toList());
        }
    }

    @Test
    void aNameThatTellsNoModuleIsRefusedOnlyWhereModulesChoose() {
        swap();
        models.get("l").with("model.layers.0.riddle", DType.F32, 2);
        models.get("t").with("model.layers.0.riddle", DType.F32, 2);
        plan(Recipes.layerSwap("l", "t").bottom(1).top(1).build()).close();
        assertTrue(refused(Recipes.layerSwap("l", "t").bottom(1).top(1).modules(Module.MLP).build()).contains("model.layers.0.riddle"));
    }

    @Test
    void everyOpenChoiceIsInTheMetadata() {
        try (MergePlan plan = plan(swap().build())) {
            assertEquals("{graft.method=layer_swap, graft.language=l, graft.task=t, graft.bottom=1, graft.top=1, graft.transition_bottom=0, graft.transition_top=0, graft.ramp=false, "
                    + "graft.embeddings=language, graft.final_norm=task, graft.lm_head=task, graft.modules=attention,mlp,norm, graft.config_from=t, graft.tokenizer_from=t, graft.dtype=of the inputs}", plan.metadata().toString());
        }
    }

    @Test
    void anExplanationHasTheLineOfEachParameter() {
        llama("a", 3);
        llama("b", 3);
        Recipe recipe = Recipes.of("r.yml", """
                merge_method: linear
                models:
                  - model: a
                    parameters:
                      weight: [{filter: mlp, value: [0, 1]}]
                  - model: b
                parameters: {weight: 0.5}
                """);
        Explanation explanation = Planner.explain(recipe, models::get, "model.layers.1.mlp.up_proj.weight");
        assertEquals(List.of("a: model.layers.1.mlp.up_proj.weight", "b: model.layers.1.mlp.up_proj.weight"), explanation.inputs());
        assertEquals("normalize  1.0 default  |weight a 0.5 model r.yml:5:37 filter 'mlp', gradient [0.0, 1.0] at t = 0.5|weight b 0.5 recipe r.yml:7:22 ", explanation.parameters().stream()
                .map(fact -> fact.name() + " " + fact.model() + " " + fact.value() + " " + fact.from() + " " + fact.where() + " " + fact.how()).collect(Collectors.joining("|")));
        assertEquals("did you mean model.layers.1.mlp.up_proj.weight?", assertThrows(RequestException.class, () -> Planner.explain(recipe, models::get, "model.layers.1.mlp.up_proj.wieght")).hint());
    }

    @Test
    void aSummaryCountsBytesAndFiles() {
        try (MergePlan plan = plan(swap().transitions(1, 0).build())) {
            PlanSummary summary = PlanSummary.of(plan, 60);
            long all = plan.tensors().stream().mapToLong(tensor -> 4 * tensor.shape().elements()).sum();
            assertEquals(all, summary.writtenBytes());
            assertEquals(Map.of("blend", 3), summary.operations());
            assertEquals(all + 4 * (4 + 6 + 2), summary.readBytes().values().stream().mapToLong(Long::longValue).sum(), "a blend reads both");
            assertEquals(1, PlanSummary.of(plan, Long.MAX_VALUE).shards());
            assertTrue(summary.shards() >= all / 60 && summary.seconds() > 0);
        }
    }

    @Test
    void namesAreInTheOrderOfCodePoints() {
        HeaderModel a = put(new HeaderModel("a", "{}"));
        for (String name : List.of("\uD83D\uDE00", "\uFF5E", "b", "a.b", "a")) a.with(name, DType.F32, 1);
        try (MergePlan plan = plan(Recipes.method("passthrough").model("a").build())) {
            assertEquals(List.of("a", "a.b", "b", "\uFF5E", "\uD83D\uDE00"), plan.tensors().stream().map(TensorPlan::name).toList());
        }
    }

    @ParameterizedTest
    @CsvSource({"self_attn.q_norm.weight, ATTENTION", "post_attention_layernorm.weight, NORM", "attention.output.LayerNorm.weight, ATTENTION", "output.dense.weight, MLP", "output.LayerNorm.weight, NORM",
        "block_sparse_moe.experts.3.w1.weight, MLP", "ln_1.weight, NORM", "attn.c_attn.weight, ATTENTION", "mixer.A_log, OTHER", "feed_forward.w1.weight, MLP"})
    void rolesOfALayer(String rest, Role role) { assertEquals(role, Role.inLayer(rest)); }

    @ParameterizedTest
    @CsvSource({"model.embed_tokens.weight, EMBEDDINGS", "transformer.wpe.weight, EMBEDDINGS", "embeddings.LayerNorm.weight, EMBEDDINGS", "gpt_neox.embed_in.weight, EMBEDDINGS", "embed_out.weight, LM_HEAD",
        "lm_head.bias, LM_HEAD", "transformer.ln_f.weight, FINAL_NORM", "model.norm.weight, FINAL_NORM", "odd.weight, EMBEDDINGS", "vision_tower.embed.weight, OTHER", "pooler.dense.weight, OTHER"})
    void rolesOutsideTheLayers(String name, Role role) { assertEquals(role, Role.outside(name, name.startsWith("odd") ? Shape.of(7, 2) : Shape.of(9, 9), 7)); }
}
