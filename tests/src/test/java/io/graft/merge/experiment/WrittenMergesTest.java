package io.graft.merge.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A study's merges as folders. */
class WrittenMergesTest {

    @TempDir
    Path folder;

    private int write(String text) {
        try (StudyRun run = StudyRun.open(Studies.read(folder, text), Studies.options(folder), new StudyListener() { })) {
            StudyFiles.write(run.run(), folder.resolve("out"));
            return run.writeMerges(folder.resolve("merges"));
        }
    }

    private Map<String, Path> written() {
        Map<String, Path> all = new HashMap<>();
        for (JsonElement each : Json.readObject(folder.resolve("merges/merges.json")).getAsJsonArray("merges")) {
            JsonObject entry = each.getAsJsonObject();
            all.put(entry.get("method").getAsString(), folder.resolve("merges").resolve(entry.get("folder").getAsString()));
        }
        return all;
    }

    /** The samples, answer by answer, of a study whose experts are the written folders, against those of the unwritten merges. */
    @Test
    void aWrittenFolderAnswersAsTheUnwrittenMergeDid() throws Exception {
        assertEquals(12, write(Studies.SMALL)); // soup, reset, composed twice, the swap's four points, the adapter, the foreign swap
        StringBuilder again = new StringBuilder();
        int experts = 0;
        Map<String, String> names = new HashMap<>();
        for (Map.Entry<String, Path> each : written().entrySet()) {
            boolean adapter = Files.exists(each.getValue().resolve("adapter_config.json"));
            String name = "e" + experts++;
            again.append("  ").append(name).append(": {path: '").append(adapter ? folder.resolve("cache/shipped/bilingual-world") + "+" : "").append(each.getValue()).append("', allow_foreign: true}\n");
            names.put(each.getKey(), name);
        }
        assertTrue(names.keySet().stream().anyMatch(name -> name.startsWith("adapter swap")), names.toString());
        Path second = Files.createDirectory(folder.resolve("second"));
        String evaluations = Studies.SMALL.substring(Studies.SMALL.indexOf("evaluations:"), Studies.SMALL.indexOf("heat_map:"));
        Studies.run(second, "name: again\nbase: {shipped: bilingual-world}\nexperts:\n" + again + evaluations, Studies.options(second));
        for (Map.Entry<String, String> each : names.entrySet())
            assertArrayEquals(Files.readAllBytes(samples(folder, each.getKey())), Files.readAllBytes(samples(second, each.getValue())), each.getKey());
    }

    private static Path samples(Path study, String method) { return study.resolve("out/samples").resolve(StudyFiles.slug(method) + "-seed0.jsonl"); }

    @Test
    void whatIsThereStaysAndWhatTheStudyHasChangedIsReplaced() throws Exception {
        String few = Studies.SMALL.replaceAll("(?s)  - name: swap\n.*(evaluations:)", "$1").replaceAll("heat_map: .*\n", "");
        assertEquals(2, write(few));
        Path soup = written().get("soup (full)").resolve("model.safetensors");
        FileTime time = Files.getLastModifiedTime(soup);
        byte[] bytes = Files.readAllBytes(soup);
        assertEquals(0, write(few));
        assertEquals(time, Files.getLastModifiedTime(soup));
        assertEquals(2, write(few.replace("{model: math, parameters: {weight: 0.5}}", "{model: math, parameters: {weight: 0.25}}")));
        assertTrue(!java.util.Arrays.equals(bytes, Files.readAllBytes(soup)), "the old weights stand there still");
    }

    @Test
    void aFolderOfSomebodyElseIsNotReplaced() throws Exception {
        Files.createDirectories(folder.resolve("merges/soup-full"));
        Files.writeString(folder.resolve("merges/soup-full/thesis.txt"), "mine");
        assertTrue(assertThrows(RequestException.class, () -> write(Studies.SMALL)).getMessage().contains("not empty"));
        assertEquals("mine", Files.readString(folder.resolve("merges/soup-full/thesis.txt")));
    }
}
