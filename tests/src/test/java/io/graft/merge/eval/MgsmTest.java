package io.graft.merge.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import io.graft.tests.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class MgsmTest {

    private static final List<String> NUMBERS = List.of("11", "29", "39", "9", "33", "8", "8", "5");

    @Test
    void promptsAreTheHarness() throws IOException {
        JsonObject published = Json.readObject(Fixtures.require("data/mgsm/exemplars.json"));
        int checked = 0;
        for (JsonObject row : rows("fixtures/eval/prompts.jsonl")) {
            Mgsm task = task(row.get("task").getAsString());
            List<Mgsm.Exemplar> exemplars = new ArrayList<>();
            JsonObject language = published.getAsJsonObject(task.language().code());
            for (int i = 1; i <= 2; i++) {
                JsonObject each = language.getAsJsonObject(Integer.toString(i));
                exemplars.add(new Mgsm.Exemplar(each.get("q").getAsString(), each.get("a").getAsString(), NUMBERS.get(i - 1)));
            }
            String question = questions(task.language()).get(row.get("index").getAsInt());
            assertEquals(row.get("zero_shot").getAsString(), task.prompt(question, List.of()));
            assertEquals(row.get("two_shot_first").getAsString(), task.prompt(question, exemplars));
            checked++;
        }
        assertEquals(72, checked);
    }

    @Test
    void stopStringsAndFiltersAreTheHarness() throws IOException {
        for (JsonObject row : rows("fixtures/eval/tasks.jsonl")) {
            Mgsm task = task(row.get("task").getAsString());
            assertEquals(strings(row.getAsJsonArray("until")), task.until());
            assertEquals(strings(row.getAsJsonArray("filters")), task.filters());
        }
    }

    @Test
    void verdictsAreTheHarness() throws IOException {
        int right = 0, wrong = 0;
        for (JsonObject row : rows("fixtures/eval/verdicts.jsonl")) {
            Mgsm task = task(row.get("task").getAsString());
            for (String filter : task.filters()) {
                String found = task.extract(filter, row.get("output").getAsString());
                assertEquals(row.get(filter).getAsString(), found, row::toString);
                boolean verdict = Extraction.exactMatch(found, row.get(filter + "_gold").getAsString());
                assertEquals(row.get(filter + "_exact_match").getAsBoolean(), verdict, row::toString);
                if (verdict) right++;
                else wrong++;
            }
        }
        assertTrue(right > 100 && wrong > 100, right + " right, " + wrong + " wrong");
    }

    @Test
    void numericEqualityHasNoneOfTheQuirks() {
        assertTrue(Extraction.numericMatch("$1,234.50", "1234.5") && Extraction.numericMatch("18.", "18") && Extraction.numericMatch("১৮", "18"));
        assertFalse(Extraction.numericMatch("-5", "5") || Extraction.numericMatch("18.00", "1800") || Extraction.numericMatch("...", "") || Extraction.numericMatch("1e5", "100000"));
    }

    private static Mgsm task(String name) {
        int last = name.lastIndexOf('_');
        return new Mgsm(Mgsm.Mode.valueOf(name.substring(5, last).toUpperCase(Locale.ROOT)), MathLanguage.valueOf(name.substring(last + 1).toUpperCase(Locale.ROOT)));
    }

    private static List<String> questions(MathLanguage language) throws IOException {
        return Files.readAllLines(Fixtures.require("data/mgsm/mgsm_" + language.code() + ".tsv")).stream().map(line -> line.split("\t")[0]).toList();
    }

    private static List<JsonObject> rows(String relative) throws IOException {
        Path file = Fixtures.require(relative);
        List<JsonObject> rows = new ArrayList<>();
        for (String line : Files.readString(file).split("\n")) rows.add(Json.parse(relative, line).getAsJsonObject());
        return rows;
    }

    private static List<String> strings(Iterable<JsonElement> array) {
        List<String> all = new ArrayList<>();
        for (JsonElement each : array) all.add(each.getAsString());
        return all;
    }
}
