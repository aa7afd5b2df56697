package io.graft.merge.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.merge.yaml.Mark;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeReaderTest {

    private static final String LINEAR = """
            merge_method: linear
            models:
              - model: a
                parameters: {weight: 0.5}
              - model: b
                parameters: {weight: %s}
            """;

    private static Recipe read(String text) { return RecipeReader.read("r.yml", text); }

    private static String refused(String text) { return assertThrows(RequestException.class, () -> read(text)).getMessage(); }

    private static double weight(String text) {
        return read(LINEAR.formatted(text)).slices().getFirst().sources().get(1).parameters().get("weight").at("x", 0).orElseThrow().value();
    }

    /** What mergekit makes of each, measured: reference/dependencies.md. */
    @ParameterizedTest
    @CsvSource({"1e-3, 0.001", "1e3, 1000", "0.5e1, 5", "1e+3, 1000", "-.5, -0.5", "on, 1", "'\"0.5\"', 0.5", "1:30, 90", "017, 15", "1_000, 1000", "0b11, 3", "0x10, 16", "-0.0, -0.0"})
    void numbersMeanWhatMergekitMakesOfThem(String text, double value) { assertEquals(value, weight(text)); }

    @ParameterizedTest
    @ValueSource(strings = {".nan", ".inf", "-.inf", "abc", "\"nan\"", "\"0x1p3\"", "\"1f\"", "~", "''", "2024-01-01", "[]", "[a]", "[[1]]", "{value: {value: 1}}", "!x 1", "="})
    void whatIsNoFiniteNumberIsRefusedWithItsPlace(String text) {
        String message = refused(LINEAR.formatted(text));
        assertTrue(message.startsWith("r.yml:6:"), message);
    }

    @Test
    void aKeyTwiceIsRefusedWithBothLines() {
        assertEquals("r.yml:2:1: the key 'merge_method' stands twice in one mapping; it stood first at line 1", refused("merge_method: linear\nmerge_method: slerp\nmodels: [{model: a, parameters: {weight: 1}}]"));
    }

    @Test
    void mergeKeysFillInWhatIsNotThere() {
        Recipe recipe = read("""
                merge_method: linear
                models:
                  - &first
                    model: a
                    parameters: &own {weight: 0.25}
                  - <<: *first
                    model: b
                  - model: c
                    parameters: {<<: [*own, {weight: 9}]}
                """);
        List<Source> sources = recipe.slices().getFirst().sources();
        assertEquals(List.of("a", "b", "c"), sources.stream().map(source -> source.model().argument()).toList());
        for (Source source : sources) assertEquals(0.25, source.parameters().get("weight").at("x", 0).orElseThrow().value());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a: &a [*a]", "a: &a {<<: *a}", "- [", "\t- a", "@x", "*nowhere", "a: 1\n--- \nb: 1", "", "# nothing", "just words", "[1, 2]", "? [a]\n: b", "a: b: c", "{", "\u0000"})
    void whatIsNoRecipeIsRefused(String text) { assertTrue(refused(text).startsWith("r.yml"), refused(text)); }

    @Test
    void bombsAreRefusedAtOnce() {
        StringBuilder laughs = new StringBuilder("a0: &a0 [x, x]\n");
        for (int i = 1; i < 80; i++) laughs.append("a").append(i).append(": &a").append(i).append(" [").append(("*a" + (i - 1) + ", ").repeat(9)).append("x]\n");
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            refused("[".repeat(100_000));
            refused(laughs.toString());
            refused("merge_method: " + "x".repeat(2_000_000));
        });
    }

    @Test
    void anotherMethodsParameterIsIgnoredWithOneWarning() {
        Recipe recipe = read("""
                merge_method: slerp
                base_model: a
                models:
                  - model: a
                    parameters: {weight: 1}
                  - model: b
                    parameters: {weight: 0.5, density: 0.3}
                parameters: {t: 0.5}
                """);
        assertEquals(List.of("r.yml: 'weight' has no meaning for slerp and is ignored", "r.yml: 'density' has no meaning for slerp and is ignored"), recipe.warnings());
    }

    @Test
    void anOptionalMethodParameterUnderAModelIsIgnoredWithAWarning() {
        Recipe recipe = read("merge_method: linear\nmodels: [{model: a, parameters: {weight: 1, normalize: false}}]");
        assertEquals(List.of("r.yml:2:45: 'normalize' belongs to the method, is not seen under a model and is ignored"), recipe.warnings());
    }

    /** Known words of mergekit's are never unknown keys. */
    @ParameterizedTest
    @ValueSource(strings = {"chat_template: auto", "tokenizer_source: union", "tokenizer: {tokens: {x: {source: a}}}", "tokenizer: {source: base, pad_to_multiple_of: 16}", "modules: {text: {}}"})
    void whatComesLaterIsRefusedAsThat(String line) {
        String models = line.startsWith("modules") ? "" : "models: [{model: a, parameters: {weight: 1}}]\n";
        String message = refused("merge_method: linear\nbase_model: a\n" + models + line);
        assertTrue(message.contains("is not supported yet"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"della", "della_linear", "nuslerp", "multislerp", "karcher", "model_stock", "nearswap", "arcee_fusion", "sce", "ram", "ramplus_tl"})
    void methodsThatComeLaterAreRefusedAsThat(String method) {
        String models = method.equals("arcee_fusion") || method.equals("nearswap") ? "[{model: a, parameters: {weight: 1}}]" : "[{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 1}}]";
        assertEquals("r.yml:1:15: merge method " + method + " is not supported yet", refused("merge_method: " + method + "\nbase_model: base\nmodels: " + models));
    }

    @ParameterizedTest
    @CsvSource({"base, base", "other, other"})
    void aTokenizerIsTheBasesOrAModels(String source, String model) {
        String text = "merge_method: linear\nbase_model: base\nmodels: [{model: a, parameters: {weight: 1}}]\n";
        assertEquals(model, read(text + "tokenizer_source: " + source).tokenizer().orElseThrow().argument());
        assertEquals(model, read(text + "tokenizer: {source: " + source + "}").tokenizer().orElseThrow().argument());
    }

    @Test
    void modelsAreTextsOrMappings() {
        Recipe recipe = read("""
                merge_method: linear
                base_model: {model: {path: org/base, revision: main}}
                models:
                  - model: {model: m, lora: {path: l, revision: r}}
                    parameters: {weight: 1}
                  - model: org/x@v1+y
                    parameters: {weight: 1}
                """);
        assertEquals("org/base@main", recipe.base().orElseThrow().argument());
        assertEquals(List.of("m+l@r", "org/x@v1+y"), recipe.slices().getFirst().sources().stream().map(source -> source.model().argument()).toList());
    }

    @Test
    void twoWaysToWriteAPathAreOneModel() {
        Mark mark = new Mark("r.yml", 1, 1);
        assertEquals(new ModelRef("./a/b/../c+./d", mark).key(), new ModelRef("a/c+d", mark).key());
    }

    @ParameterizedTest
    @CsvSource({"float32, F32", "torch.bfloat16, BF16", "f16, F16"})
    void dtypesHaveTheirNames(String word, DType dtype) {
        Recipe recipe = read(LINEAR.formatted("1") + "dtype: float32\nout_dtype: " + word);
        assertEquals(Optional.of(DType.F32), recipe.dtype());
        assertEquals(Optional.of(dtype), recipe.outputDtype());
    }

    @ParameterizedTest
    @ValueSource(strings = {"on", "16", "int64", "float64", "f8"})
    void whatIsNoDtypeOfAMergeIsRefused(String word) { assertTrue(refused(LINEAR.formatted("1") + "dtype: " + word).startsWith("r.yml:7:8: "), refused(LINEAR.formatted("1") + "dtype: " + word)); }

    @Test
    void layerSwapHasItsDefaults() {
        LayerSwap swap = read("merge_method: layer_swap\nlanguage: l\ntask: t\nbottom: 6\ntop: 2").swap().orElseThrow();
        assertEquals(LayerSwap.Origin.LANGUAGE, swap.embeddings());
        assertEquals(LayerSwap.Origin.TASK, swap.finalNorm());
        assertEquals(Optional.empty(), swap.lmHead());
        assertEquals(3, swap.modules().size());
        assertEquals(0, swap.transitionBottom() + swap.transitionTop());
        assertEquals(LayerSwap.Output.MODEL, swap.output());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '~', value = {"embeddings: base ~ r.yml:6:1: embeddings: base needs base_model, which is missing", "lm_head: sum ~ r.yml:6:1: lm_head: sum needs base_model, which is missing",
        "ramp: 1 ~ r.yml:6:7: ramp must be true or false; expected true or false, found the number 1", "models: [] ~ r.yml:6:1: layer_swap takes no models; expected language and task, found models",
        "transition: 1 ~ r.yml:6:1: unknown key 'transition' in the recipe", "modules: [] ~ r.yml:6:10: modules must be a list of one or more; expected a list, found an empty list",
        "final_norm: math ~ r.yml:6:13: 'math' is no value of final_norm; expected language|task|base|average|sum, found math", "transition_top: -1 ~ r.yml:6:17: transition_top must be a whole number; expected 0 or more, found the number -1"})
    void layerSwapRefusesWhatItCannotMean(String line, String message) { assertEquals(message, refused("merge_method: layer_swap\nlanguage: l\ntask: t\nbottom: 6\ntop: 2\n" + line)); }

    @Test
    void layerSwapKeysBelongToItAlone() { assertEquals("r.yml:7:1: 'bottom' belongs to the method layer_swap, and this recipe's is linear", refused(LINEAR.formatted("1") + "bottom: 3")); }

    @Test
    void everyMistakeIsToldAtOnce() {
        RequestException first = assertThrows(RequestException.class, () -> read("merge_method: liner\nmodls: 3\ndtype: x\n"));
        assertEquals("did you mean linear?", first.hint());
        assertEquals(List.of("r.yml:2:1: unknown key 'modls' in the recipe", "r.yml:3:8: 'x' is no dtype that a merge can have; expected float32|bfloat16|float16, found x"),
                List.of(first.getSuppressed()).stream().map(Throwable::getMessage).toList());
    }

    @Test
    void baseMustStandInEverySliceWhereItIsAnInput() {
        String message = refused("""
                merge_method: task_arithmetic
                base_model: base
                slices:
                  - sources:
                      - {model: a, layer_range: [0, 1], parameters: {weight: 1}}
                """);
        assertTrue(message.startsWith("r.yml:4:5: the base model is no source of this slice"), message);
    }
}
