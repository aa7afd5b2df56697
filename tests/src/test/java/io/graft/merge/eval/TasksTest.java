package io.graft.merge.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.merge.eval.GenerateTask.Question;
import io.graft.tests.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tasks known by name, on the published data: prompts, stops, extraction and verdicts are those of the fixtures. */
class TasksTest {

    @TempDir
    Path empty;

    /** As Python's {@code random.Random(1234)} and {@code Random(0)} draw. */
    @Test
    void examplesAreDrawnAsPythonDraws() {
        PythonRandom random = new PythonRandom(1234);
        int[][] drawn = {{8, 1}, {1, 8}, {1, 6}, {2, 1}, {6, 2}, {1, 8}, {1, 3}, {8, 5}};
        for (int[] expected : drawn) {
            int[] found = random.sample(8, 2);
            assertArrayEquals(expected, new int[] {found[0] + 1, found[1] + 1});
        }
        random = new PythonRandom(1234);
        assertArrayEquals(new int[] {6374, 3610, 957, 61, 742}, random.sample(7473, 5));
        assertArrayEquals(new int[] {0, 5, 6, 7, 4, 1}, random.sample(8, 6));
        assertArrayEquals(new int[] {30, 2, 3, 44, 82, 79, 61}, random.sample(100, 7));
        assertArrayEquals(new int[] {7, 1, 0, 6, 5, 3, 4, 2}, random.sample(8, 8));
        assertArrayEquals(new int[] {864, 394, 776}, new PythonRandom(0).sample(1000, 3));
    }

    @Test
    void mgsmPromptsAreTheHarness() throws IOException {
        Path data = Fixtures.require("data/mgsm").getParent();
        int checked = 0, sampled = 0;
        for (JsonObject row : rows("fixtures/eval/prompts.jsonl")) {
            String name = row.get("task").getAsString();
            int index = row.get("index").getAsInt();
            assertEquals(row.get("zero_shot").getAsString(), prompt(name, new TaskSettings(data, -1, false), index));
            assertEquals(row.get("two_shot_first").getAsString(), prompt(name, new TaskSettings(data, 2, false), index));
            checked++;
            if (!row.has("two_shot_seed_1234")) continue;
            assertEquals(row.get("two_shot_seed_1234").getAsString(), prompt(name, new TaskSettings(data, 2, true), index));
            sampled++;
        }
        assertEquals(72, checked);
        assertEquals(36, sampled);
    }

    @Test
    void mgsmStopsAndVerdictsAreTheHarness() throws IOException {
        Path data = Fixtures.require("data/mgsm").getParent();
        for (JsonObject row : rows("fixtures/eval/tasks.jsonl")) {
            GenerateTask task = (GenerateTask) Tasks.load(row.get("task").getAsString(), TaskSettings.of(data));
            assertEquals(row.getAsJsonArray("until").asList().stream().map(each -> each.getAsString()).toList(), task.until());
            assertEquals(250, task.size());
        }
        int verdicts = 0;
        for (JsonObject row : rows("fixtures/eval/verdicts.jsonl")) {
            GenerateTask task = (GenerateTask) Tasks.load(row.get("task").getAsString(), TaskSettings.of(data));
            for (Filter filter : task.filters()) {
                if (filter.name().equals("numeric")) continue;
                EvalSample.Verdict verdict = Evaluation.judge(task, new Question(0, null, "", row.get(filter.name() + "_gold").getAsString()), row.get("output").getAsString(), null).verdicts().get(filter.name());
                assertEquals(row.get(filter.name()).getAsString(), verdict.found(), row::toString);
                assertEquals(row.get(filter.name() + "_exact_match").getAsBoolean(), verdict.right(), row::toString);
                verdicts++;
            }
        }
        assertTrue(verdicts > 200, verdicts + " verdicts");
    }

    /** The harness cuts one character more than the words, a blank in other languages: Japanese has none, so the answer loses its first letter. */
    @Test
    void japaneseHasItsOwnWordsAndNoBlankBeforeAnAnswer() {
        Path data = Fixtures.require("data/mgsm").getParent();
        GenerateTask task = (GenerateTask) Tasks.load("mgsm_native_cot_ja", new TaskSettings(data, 1, false));
        String prompt = task.questions().getFirst().prompt();
        assertTrue(prompt.startsWith("問題：ロジャーは5個") && prompt.contains("\nステップごとの答え:ジャーは最初5個のボールがありました。"), prompt);
        assertTrue(prompt.endsWith("\nステップごとの答え:"), prompt);
        assertEquals("11", task.filters().getFirst().extract().apply("5+6=11。答えは11です。"));
    }

    @Test
    void gsm8kIsTheHarness() {
        Path data = Fixtures.require("data/gsm8k").getParent();
        GenerateTask task = (GenerateTask) Tasks.load("gsm8k", TaskSettings.of(data));
        assertEquals(1319, task.size());
        String prompt = task.questions().getFirst().prompt();
        assertEquals(6, prompt.split("Question: ", -1).length - 1, "five examples and the question");
        assertTrue(prompt.startsWith("Question: Natalia sold clips") && prompt.contains("\nAnswer: Natalia sold 48/2") && prompt.endsWith("farmers' market?\nAnswer:"), prompt);
        assertEquals("18", task.questions().getFirst().gold());
        Filter strict = task.filters().get(0), flexible = task.filters().get(1);
        assertEquals("1,800.", strict.extract().apply("so #### 1,800. and"));
        assertTrue(strict.right().test("1,800.", "1800"));
        assertTrue(flexible.right().test("$18", "18") && Extraction.gsm8kMatch("It is\n#### 18", "18"));
        assertFalse(strict.right().test("-5", "5") || flexible.right().test("18.00", "1800"), "no quirk of MGSM's");
        assertEquals("Question: " , prompt(task.name(), new TaskSettings(data, 0, false), 0).substring(0, 10));
    }

    @Test
    void msvampAsksForANumberInTheDigitsOfTheLanguage() {
        Path data = Fixtures.require("data/msvamp").getParent();
        GenerateTask swahili = (GenerateTask) Tasks.load("msvamp_sw", TaskSettings.of(data)), bengali = (GenerateTask) Tasks.load("msvamp_bn", TaskSettings.of(data));
        assertEquals(1000, swahili.size());
        assertTrue(swahili.questions().getFirst().prompt().startsWith("Swali: Julia alicheza") && swahili.questions().getFirst().prompt().endsWith("?\nAnswer:"));
        for (String output : List.of(" ১৮ - ১০ = ৮", "8", "the answer is $8.00!", "10 → 8")) assertTrue(Evaluation.judge(bengali, bengali.questions().getFirst(), output, null).verdicts().get("numeric").right(), output);
        for (String output : List.of("", "18-10", "-8", "−8", "8 or 9", "80")) assertFalse(Evaluation.judge(bengali, bengali.questions().getFirst(), output, null).verdicts().get("numeric").right(), output);
        assertThrows(RequestException.class, () -> Tasks.load("msvamp_sw", new TaskSettings(data, 2, false)));
    }

    @Test
    void whatIsMissingIsNamedWithItsOriginAndLicence() {
        RequestException missing = assertThrows(RequestException.class, () -> Tasks.load("mgsm_direct_sw", TaskSettings.of(empty)));
        assertTrue(missing.getMessage().contains("mgsm_sw.tsv") && missing.hint().contains("CC BY 4.0") && missing.hint().contains("--data-root"), missing.hint());
        assertTrue(assertThrows(RequestException.class, () -> Tasks.load("gsm8k", TaskSettings.of(empty))).hint().contains("MIT"));
        assertEquals("did you mean mgsm_direct_sw?", assertThrows(RequestException.class, () -> Tasks.load("mgsm_direct_swa", TaskSettings.of(empty))).hint());
        assertThrows(RequestException.class, () -> Tasks.load("mgsm_direct_sw", new TaskSettings(empty, 9, false)));
        assertEquals(20, Tasks.names().size());
    }

    private static String prompt(String task, TaskSettings settings, int index) { return ((GenerateTask) Tasks.load(task, settings)).questions().get(index).prompt(); }

    private static List<JsonObject> rows(String relative) throws IOException {
        List<JsonObject> rows = new ArrayList<>();
        for (String line : Files.readString(Fixtures.require(relative)).split("\n")) rows.add(Json.parse(relative, line).getAsJsonObject());
        return rows;
    }
}
