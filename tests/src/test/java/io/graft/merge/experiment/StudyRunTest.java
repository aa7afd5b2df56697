package io.graft.merge.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A study does what is not done, and the same bytes come out. */
class StudyRunTest {

    @TempDir
    Path folder;

    @Test
    void doesNothingTwiceAndRedoesWhatDependsOnAChange() {
        StudyOptions options = Studies.options(folder);
        List<String> first = Studies.run(folder, Studies.SMALL, options);
        assertEquals(4, first.stream().filter(step -> step.startsWith("train ")).count(), first.toString());
        assertEquals(1, first.stream().filter(step -> step.startsWith("write adapter ")).count());
        Map<String, byte[]> files = Studies.files(folder.resolve("out"));
        assertEquals(List.of(), Studies.run(folder, Studies.SMALL, options), "a second run");
        equal(files, Studies.files(folder.resolve("out")));

        List<String> renamed = Studies.run(folder, Studies.SMALL.replace("title: A small study", "title: Another title").replace("examples: 1", "examples: 2"), options);
        assertEquals(List.of(), renamed, "what is only said of a study");
        List<String> longer = Studies.run(folder, Studies.SMALL.replace("- {name: new, task: world/new_large, limit: 6}", "- {name: new, task: world/new_large, limit: 7}"), options);
        assertTrue(!longer.isEmpty() && longer.stream().allMatch(step -> step.endsWith(" on new")), longer.toString());
        List<String> other = Studies.run(folder, Studies.SMALL.replace("data: [{file: data/language}]", "data: [{file: data/language}]\n      max_steps: 7"), options);
        assertTrue(other.contains("train language (full) seed 0") && other.contains("train language (lora) seed 0"), other.toString());
        assertTrue(other.stream().noneMatch(step -> step.startsWith("train math") || step.startsWith("evaluate math") || step.startsWith("evaluate base") || step.startsWith("evaluate reset")), other.toString());
        assertTrue(other.contains("evaluate composed (full) seed 0 on new"), other.toString());
        List<String> checkpoints = Studies.run(folder, Studies.SMALL.replace("checkpoint_steps: 2", "checkpoint_steps: 3"), options);
        assertEquals(List.of(), checkpoints, "how often a training is saved changes nothing");
        List<String> anew = Studies.run(folder, Studies.SMALL, new StudyOptions(options.cache(), true, 1, List.of(), Optional.empty(), 1, null));
        assertEquals(new HashSet<>(first), new HashSet<>(anew), "--no-cache");
        equal(files, Studies.files(folder.resolve("out")));
    }

    @Test
    void twoRunsGiveTheSameBytesInAnyPlace() {
        Path here = folder.resolve("here"), there = folder.resolve("there");
        Studies.run(here, Studies.SMALL, Studies.options(here));
        Studies.run(there, Studies.SMALL, Studies.options(there));
        Map<String, byte[]> files = Studies.files(here.resolve("out"));
        equal(files, Studies.files(there.resolve("out")));
        for (Map.Entry<String, byte[]> each : files.entrySet()) {
            String text = new String(each.getValue(), StandardCharsets.UTF_8);
            assertFalse(text.contains(folder.toString()) || text.contains("seconds"), each.getKey());
        }
    }

    @Test
    void everyMethodHasARowWithNumbersThatAgree() {
        Studies.run(folder, Studies.SMALL, new StudyOptions(folder.resolve("cache"), false, 1, List.of(0L, 1L), Optional.empty(), 2, null));
        JsonObject results = Json.readObject(folder.resolve("out/results.json"));
        Map<String, Set<Long>> seeds = new HashMap<>();
        for (JsonElement element : results.getAsJsonArray("rows")) {
            JsonObject row = element.getAsJsonObject();
            assertTrue(seeds.computeIfAbsent(row.get("method").getAsString(), _ -> new HashSet<>()).add(row.get("seed").getAsLong()), row.toString());
            for (String evaluation : List.of("small", "new")) {
                JsonObject numbers = row.getAsJsonObject("evaluations").getAsJsonObject(evaluation);
                double accuracy = numbers.get("accuracy").getAsDouble();
                assertEquals(6, numbers.get("total").getAsInt());
                assertEquals(numbers.get("correct").getAsInt() / 6.0, accuracy, 1e-6);
                assertTrue(numbers.getAsJsonArray("interval").get(0).getAsDouble() <= accuracy && accuracy <= numbers.getAsJsonArray("interval").get(1).getAsDouble());
            }
        }
        Set<Long> both = Set.of(0L, 1L);
        for (String method : List.of("base", "math (full)", "math (lora)", "language (lora)", "soup (full)", "swap bottom=0 embeddings=language (full)", "adapter swap (lora)", "composed (lora)", "foreign (full)", "foreign swap (full)"))
            assertEquals(both, seeds.get(method), method);
        assertFalse(seeds.containsKey("swap bottom=0 embeddings=language (lora)"));
        JsonObject control = results.getAsJsonArray("rows").asList().stream().map(JsonElement::getAsJsonObject).filter(row -> row.get("method").getAsString().equals("foreign swap (full)")).findFirst().orElseThrow();
        assertTrue(control.get("control").getAsBoolean(), "what is merged with a foreign expert is a control");
    }

    @Test
    void recipesThatComeToTheSameAreEvaluatedOnce() {
        try (StudyRun run = StudyRun.open(Studies.read(folder, Studies.SMALL), Studies.options(folder), new StudyListener() {})) {
            StudyPlan plan = run.plan();
            Map<String, Step> of = new HashMap<>();
            for (StudyPlan.Row row : plan.rows) of.put(row.method().name(), row.evaluations().get("new"));
            assertEquals(of.get("math (full)"), of.get("swap bottom=0 embeddings=task (full)"), "a swap of nothing is the task's expert");
            assertNotEquals(of.get("math (full)"), of.get("swap bottom=0 embeddings=language (full)"));
            assertNotEquals(of.get("soup (full)"), of.get("soup (lora)"));
            assertNotEquals(of.get("language (full)"), of.get("foreign (full)"));
        }
    }

    @Test
    void aFractionTakesFewerStepsAndQuestions() {
        StudyOptions half = new StudyOptions(folder.resolve("cache"), false, 0.5, List.of(), Optional.empty(), 2, null);
        Studies.run(folder, Studies.SMALL, half);
        JsonObject results = Json.readObject(folder.resolve("out/results.json"));
        assertEquals(0.5, results.get("fraction").getAsDouble());
        assertEquals(3, results.getAsJsonArray("evaluations").get(0).getAsJsonObject().get("total").getAsInt());
    }

    private static void equal(Map<String, byte[]> expected, Map<String, byte[]> found) {
        assertEquals(expected.keySet(), found.keySet());
        expected.forEach((name, bytes) -> assertArrayEquals(bytes, found.get(name), name));
    }
}
