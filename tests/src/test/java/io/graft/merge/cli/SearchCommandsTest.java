package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import io.graft.merge.search.Experts;
import io.graft.merge.search.WorldModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SearchCommandsTest {

    @TempDir
    private Path temp;

    private CommandLineRun run(Experts experts, String... more) {
        String command = more[0];
        return CommandLineRun.of(Stream.concat(Stream.of(command, "--base", experts.base(), "--math", experts.math(), "--language", experts.language(), "--world", "0", "--json", "--quiet"), Arrays.stream(more).skip(1))
                .toArray(String[]::new));
    }

    /** Recipes of all three searches are ordinary: they are merged, and the merge is there. */
    @Test
    void whatIsFoundCanBeMerged() throws IOException {
        Experts experts = WorldModels.write(temp);
        Path auto = temp.resolve("auto.yml"), learned = temp.resolve("learned.yml"), swept = temp.resolve("swept.yml"), page = temp.resolve("page.html");
        CommandLineRun chosen = run(experts, "autoswap", "--lines", "16", "--problems", "4", "--budget", "14", "--out", auto.toString());
        assertEquals(0, chosen.status(), chosen.err());
        JsonObject json = Json.parse("stdout", chosen.out()).getAsJsonObject();
        assertEquals(4, json.get("passes").getAsInt());
        assertEquals(14, json.get("cost").getAsInt());
        assertEquals(18, json.getAsJsonArray("choices").size());
        CommandLineRun descended = run(experts, "learn-merge", "--family", "linear", "--lines", "32", "--problems", "4", "--steps", "2", "--batch", "8", "--out", learned.toString());
        assertEquals(0, descended.status(), descended.err());
        CommandLineRun all = run(experts, "sweep", "--problems", "4", "--bottom", "0-2", "--top", "0,1", "--embeddings", "sum", "--lm-head", "task,sum", "--html", page.toString(), "--out", swept.toString());
        assertEquals(0, all.status(), all.err());
        assertEquals(12, Json.parse("stdout", all.out()).getAsJsonObject().get("candidates").getAsInt());
        String html = Files.readString(page);
        assertTrue(html.contains("<svg") && !html.contains("http"), "a page that needs no network");
        for (Path recipe : new Path[] {auto, learned, swept}) {
            Path out = temp.resolve(recipe.getFileName() + ".out");
            CommandLineRun merged = CommandLineRun.of("merge", recipe.toString(), out.toString(), "--quiet");
            assertEquals(0, merged.status(), merged.err());
            assertTrue(Files.size(out.resolve("model.safetensors")) > 1_700_000);
        }
    }

    @Test
    void aWrongRequestIsNamedAndNothingIsWritten() throws IOException {
        Experts experts = WorldModels.write(temp);
        Path out = temp.resolve("x.yml"), file = temp.resolve("search.yml");
        Files.writeString(file, "base: " + experts.base() + "\nexpert: {math: a, language: b}\n");
        CommandLineRun misspelt = CommandLineRun.of("autoswap", file.toString(), "--out", out.toString());
        assertEquals(2, misspelt.status());
        assertTrue(misspelt.err().contains("search.yml:2") && misspelt.err().contains("experts"), misspelt.err());
        CommandLineRun nothing = CommandLineRun.of("autoswap", "--base", experts.base(), "--math", experts.math(), "--language", experts.language(), "--out", out.toString());
        assertEquals(2, nothing.status());
        assertTrue(nothing.err().contains("--calibration-math"), nothing.err());
        CommandLineRun family = run(experts, "learn-merge", "--family", "cubic", "--out", out.toString());
        assertEquals(2, family.status());
        assertTrue(family.err().contains("task_arithmetic"), family.err());
        assertFalse(Files.exists(out));
    }

    @Test
    void aWorldIsWrittenTheSameTwice() throws IOException {
        for (String name : new String[] {"one", "two"}) {
            CommandLineRun run = CommandLineRun.of("world", temp.resolve(name).toString(), "--problems", "10", "--seed", "3");
            assertEquals(0, run.status(), run.err());
        }
        try (Stream<Path> files = Files.walk(temp.resolve("one/data"))) {
            for (Path each : files.filter(Files::isRegularFile).toList()) assertEquals(-1, Files.mismatch(each, temp.resolve("two").resolve(temp.resolve("one").relativize(each))), each.toString());
        }
        CommandLineRun planned = CommandLineRun.of("train", temp.resolve("one/base.yml").toString(), "--dry-run");
        assertEquals(0, planned.status(), planned.err());
        assertTrue(planned.out().contains("192 k examples"), planned.out());
    }
}
