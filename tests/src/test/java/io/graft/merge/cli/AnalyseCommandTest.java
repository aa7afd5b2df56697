package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On the experts that {@code graft demo} carries. */
class AnalyseCommandTest {

    @TempDir
    private Path temp;
    private Path base, math, language, data;

    @BeforeEach
    void models() throws IOException {
        base = temp.resolve("base");
        math = temp.resolve("math-expert");
        language = temp.resolve("language-expert");
        for (Path each : List.of(base, math, language)) DemoFolder.model(each.getFileName().toString(), each);
        data = Files.writeString(temp.resolve("math.jsonl"), """
                {"prompt": "<bos> Ben has 6 shells . Ben collects 8 shells . how-many ? <answer> ", "completion": "6 + 8 = 14 ."}
                {"prompt": "<bos> Dan has 18 bells . Dan draws 3 bells . how-many ? <answer> ", "completion": "18 + 3 = 21 ."}
                """);
    }

    private JsonObject analyse(String... more) {
        List<String> arguments = new ArrayList<>(List.of("analyse", "--json", "--quiet", base.toString(), math.toString(), language.toString()));
        arguments.addAll(List.of(more));
        CommandLineRun run = CommandLineRun.of(arguments.toArray(String[]::new));
        assertEquals(0, run.status(), run.err());
        return Json.parse("stdout", run.out()).getAsJsonObject();
    }

    private static double number(JsonArray rows, String expert, String key, double at, String value) {
        for (JsonElement row : rows) {
            JsonObject each = row.getAsJsonObject();
            if (each.get("expert").getAsString().equals(expert) && each.get(key).getAsDouble() == at) return each.get(value).getAsDouble();
        }
        throw new AssertionError("no " + key + " " + at + " of " + expert);
    }

    @Test
    void curvesMeetAtTheBaseAndAtTheExpert() throws IOException {
        Path page = temp.resolve("a.html"), csv = temp.resolve("a.csv");
        JsonObject all = analyse("--data", data.toString(), "--rollback", "0,50,100", "--along", "0,1", "--tokens", "20", "--html", page.toString(), "--csv", csv.toString());
        for (Path expert : List.of(math, language)) {
            String name = expert.toString();
            assertEquals(number(all.getAsJsonArray("rollback"), name, "reverted", 1, "loss"), number(all.getAsJsonArray("along"), name, "factor", 0, "loss"), 0);
            assertEquals(number(all.getAsJsonArray("rollback"), name, "reverted", 0, "loss"), number(all.getAsJsonArray("along"), name, "factor", 1, "loss"), 0);
        }
        assertEquals(number(all.getAsJsonArray("along"), math.toString(), "factor", 0, "loss"), number(all.getAsJsonArray("along"), language.toString(), "factor", 0, "loss"), 0, "both begin at the base");
        assertTrue(number(all.getAsJsonArray("along"), math.toString(), "factor", 1, "loss") < number(all.getAsJsonArray("along"), math.toString(), "factor", 0, "loss"), "the math expert does the sums better than its base");
        JsonArray additivity = all.getAsJsonArray("additivity");
        assertEquals(9, additivity.size());
        assertTrue(additivity.get(0).getAsJsonObject().get("error").getAsDouble() < 1e-6, "embeddings of one token are linear in the weights");
        assertTrue(additivity.get(8).getAsJsonObject().get("error").getAsDouble() > 1e-3);
        String html = Files.readString(page), lines = Files.readString(csv);
        assertTrue(html.contains("Cosine of math-expert and language-expert") && html.contains("<path class=\"c1\"") && !html.contains("{{"));
        assertTrue(lines.startsWith("table,row,column,value\r\n") && lines.contains("\r\noverlap,0,jaccard,0."));
    }

    /** A run of the same training is stood in for by the expert without its smallest changes. */
    @Test
    void twoRunsOfOneTrainingAreHeldAgainstTwoTrainings() throws IOException {
        Path seed = Files.writeString(temp.resolve("seed.yml"), "merge_method: reset\nbase_model: " + base + "\nexpert: " + math + "\nkeep_fraction: 0.5\n");
        JsonObject all = analyse("--same", math + "," + seed, "--top", "10");
        JsonArray overlap = all.getAsJsonArray("overlap");
        assertEquals(2, overlap.size());
        JsonObject different = overlap.get(0).getAsJsonObject(), same = overlap.get(1).getAsJsonObject();
        assertEquals("different", different.get("kind").getAsString());
        assertEquals("same training", same.get("kind").getAsString());
        assertTrue(same.get("jaccard").getAsDouble() > 0.8, "half of each tensor's changes stay: nearly all of the largest tenth");
        assertTrue(different.get("jaccard").getAsDouble() < 0.2);
        assertEquals(3, all.getAsJsonArray("experts").size());
        assertEquals(3 * 72, all.getAsJsonArray("cells").asList().stream().filter(cell -> !cell.getAsJsonObject().get("layer").isJsonNull()).count());
    }

    @Test
    void wrongRequestsAreNamed() {
        for (List<String> wrong : List.of(List.of("--top", "0"), List.of("--top", "x"), List.of("--same", "one"), List.of("--scope", "layer"), List.of("--data", "nowhere.jsonl"), List.of("--rollback", "101"))) {
            List<String> arguments = new ArrayList<>(List.of("analyse", base.toString(), math.toString()));
            arguments.addAll(wrong);
            CommandLineRun run = CommandLineRun.of(arguments.toArray(String[]::new));
            assertEquals(2, run.status(), wrong.toString());
            assertTrue(run.err().contains("graft: error: "), run.err());
            assertEquals("", run.out());
        }
    }
}
