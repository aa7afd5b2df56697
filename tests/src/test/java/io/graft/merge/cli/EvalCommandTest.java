package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import io.graft.merge.eval.SuccessorModel;
import io.graft.tests.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code graft eval}, as typed. */
class EvalCommandTest {

    @TempDir
    Path scratch;

    private String model, task;

    @BeforeEach
    void write() throws IOException {
        model = SuccessorModel.write(scratch.resolve("model")).toString();
        task = "exact:" + Files.writeString(scratch.resolve("sums.jsonl"), """
                {"prompt": "what is a", "answer": 1}
                {"prompt": "what is b", "answer": 2}
                {"prompt": "what is c", "answer": 3}
                """);
    }

    @Test
    void aTableOrOneDocumentAndEverySample() throws IOException {
        CommandLineRun table = CommandLineRun.of("eval", model, "--tasks", task);
        assertEquals(0, table.status(), table.err());
        assertEquals("sums  numeric *  66.7 %  20.8 % - 93.9 %        2      3", table.out().lines().toList().get(1));
        Path samples = scratch.resolve("samples");
        String[] command = {"eval", model, "--tasks", task, "--json", "--samples", samples.toString()};
        CommandLineRun first = CommandLineRun.of(command);
        assertEquals(0, first.status(), first.err());
        JsonObject result = Json.parse("stdout", first.out()).getAsJsonObject().getAsJsonArray("results").get(0).getAsJsonObject();
        assertEquals(2, result.get("correct").getAsInt());
        assertEquals(3, result.get("total").getAsInt());
        assertEquals(2 / 3.0, result.get("accuracy").getAsDouble());
        assertEquals(3, Files.readAllLines(samples.resolve("sums.jsonl")).size());
        assertEquals(2, CommandLineRun.of(command).status(), "the folder exists");
        String before = Files.readString(samples.resolve("sums.jsonl"));
        command = new String[] {"eval", model, "--tasks", task, "--json", "--samples", samples.toString(), "--force", "--batch", "1", "-j", "1"};
        assertEquals(first.out(), CommandLineRun.of(command).out());
        assertEquals(before, Files.readString(samples.resolve("sums.jsonl")));
    }

    /** A text without a token cannot be measured, which shows when its turn comes. */
    @Test
    void samplesOfFinishedTasksStayWhenALaterOneFails() throws IOException {
        Path book = Files.writeString(scratch.resolve("empty.txt"), "");
        Path samples = scratch.resolve("samples");
        CommandLineRun run = CommandLineRun.of("eval", model, "--tasks", task + ",perplexity:" + book, "--samples", samples.toString());
        assertTrue(run.status() != 0, run.out());
        assertEquals(3, Files.readAllLines(samples.resolve("sums.jsonl")).size(), run.err());
    }

    /** A merge that nobody wrote is a model too: of a model with itself it is that model. */
    @Test
    void aRecipeIsEvaluatedWithoutBeingWritten() throws IOException {
        Path recipe = Files.writeString(scratch.resolve("swap.yml"), "merge_method: layer_swap\nbase_model: " + model + "\nlanguage: " + model + "\ntask: " + model + "\nbottom: 0\ntop: 0\n");
        CommandLineRun run = CommandLineRun.of("eval", recipe.toString(), "--tasks", task, "--json");
        assertEquals(0, run.status(), run.err());
        assertTrue(run.out().contains("\"correct\":2"), run.out());
    }

    @Test
    void whatPlanningFindsIsExitTwoAndWritesNothing() {
        Path samples = scratch.resolve("never");
        for (String[] wrong : new String[][] {{"eval", model}, {"eval", "--tasks", task}, {"eval", model, "--tasks", "mgsm_direct_swa"}, {"eval", model, "--tasks", "gsm8k", "--data-root", scratch.toString()},
                {"eval", model, "--tasks", task, "--fraction", "0"}, {"eval", model, "--tasks", task + "," + task}, {"eval", scratch.resolve("absent").toString(), "--tasks", task},
                {"eval", model, "--tasks", task, "--max-new-tokens", "64"}, {"eval", model, "--tasks", task, "--shots", "1"}}) {
            String[] all = java.util.Arrays.copyOf(wrong, wrong.length + 2);
            all[wrong.length] = "--samples";
            all[wrong.length + 1] = samples.toString();
            CommandLineRun run = CommandLineRun.of(all);
            assertEquals(2, run.status(), String.join(" ", wrong) + ": " + run.err());
            assertTrue(run.out().isEmpty() && run.err().contains("graft: error: "), run.err());
            assertFalse(Files.exists(samples));
        }
    }

    @Test
    void theBilingualWorldGivesTheNumbersOfItsReadme() {
        Path world = Fixtures.require("models/bilingual-world");
        CommandLineRun run = CommandLineRun.of("eval", world.resolve("math-expert").toString(), "--tasks", "exact:" + world.resolve("problems.jsonl"), "--json", "--limit", "300");
        JsonObject groups = Json.parse("stdout", run.out()).getAsJsonObject().getAsJsonArray("results").get(0).getAsJsonObject().getAsJsonObject("groups");
        int[] percent = {100, 100, 100, 91, 51, 45};
        int at = 0;
        for (String group : groups.keySet()) assertEquals(percent[at++], Math.round(100 * groups.getAsJsonObject(group).getAsJsonObject("numeric").get("value").getAsDouble()), group);
        assertEquals(6, at);
    }
}
