package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.engine.memory.Shape;
import io.graft.formats.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {

    @TempDir
    private Path temp;
    private Path model;

    @BeforeEach
    void aModel() {
        model = temp.resolve("base");
        DemoFolder.model("base", model);
    }

    @Test
    void aFolderIsShownWithItsFactsAndLayersCollapsed() {
        CommandLineRun run = CommandLineRun.of("inspect", model.toString());
        assertEquals("", run.err());
        assertEquals(0, run.status());
        assertTrue(run.out().contains("Hugging Face folder: llama, 8 layers, hidden 64, mlp 176, 4 heads"), run.out());
        assertTrue(run.out().contains("75 tensors, 433 k parameters (433,088), 1.73 MB in 1 file; F32"), run.out());
        assertTrue(run.out().matches("(?s).*model\\.layers\\.\\{0-7}\\.mlp\\.up_proj\\.weight +F32 +\\[176, 64] +8 +360 kB\n.*"), run.out());
        assertEquals(3 + 1 + 12, run.out().lines().count());
        assertEquals(3 + 75, CommandLineRun.of("inspect", "--all", model.toString()).out().lines().count());
    }

    @Test
    void jsonHasTheDocumentedKeys() {
        CommandLineRun run = CommandLineRun.of("inspect", "--json", model.toString(), model.resolve("model.safetensors").toString());
        assertEquals(0, run.status());
        JsonObject all = Json.parse("stdout", run.out()).getAsJsonObject();
        assertEquals(List.of("models", "errors"), new ArrayList<>(all.keySet()));
        assertEquals(2, all.getAsJsonArray("models").size());
        JsonObject first = all.getAsJsonArray("models").get(0).getAsJsonObject();
        assertEquals(List.of("name", "kind", "config", "metadata", "parameters", "bytes", "files", "tensors"), new ArrayList<>(first.keySet()));
        assertEquals(8, first.getAsJsonObject("config").get("num_hidden_layers").getAsInt());
        assertEquals(433_088, first.get("parameters").getAsLong());
        assertEquals(75, first.getAsJsonArray("tensors").size());
        JsonObject tensor = first.getAsJsonArray("tensors").get(0).getAsJsonObject();
        assertEquals(List.of("name", "dtype", "shape", "bytes", "file"), new ArrayList<>(tensor.keySet()));
        assertEquals("[239,64]", tensor.get("shape").toString());
        assertEquals("safetensors file", all.getAsJsonArray("models").get(1).getAsJsonObject().get("kind").getAsString());
    }

    @Test
    void aBadOneAmongThemIsALineAndTheOthersAreShown() throws IOException {
        Path bad = temp.resolve("bad.safetensors"), noGguf = temp.resolve("bad.gguf");
        Files.write(bad, new byte[] {9, 0, 0, 0, 0, 0, 0, 0, '{'});
        Files.writeString(noGguf, "GGXF");
        for (String option : new String[] {"--json", "--quiet"}) {
            CommandLineRun run = CommandLineRun.of("inspect", option, bad.toString(), model.toString(), temp.resolve("none").toString(), noGguf.toString());
            assertEquals(1, run.status());
            assertEquals(3, run.err().lines().filter(line -> line.startsWith("graft: error: ")).count(), run.err());
            assertTrue(run.err().contains(bad.toString()) && run.err().contains(noGguf.toString()));
            assertFalse(run.err().contains("\tat "));
            assertTrue(run.out().contains("model.embed_tokens.weight"));
            if (option.equals("--json")) assertEquals(3, Json.parse("stdout", run.out()).getAsJsonObject().getAsJsonArray("errors").size());
        }
    }

    @Test
    void namesCollapseWhereOnlyNumbersDiffer() {
        List<Inspection.Entry> tensors = new ArrayList<>();
        for (int layer : new int[] {0, 1, 2, 5}) tensors.add(entry("h." + layer + ".a.weight", Shape.of(2)));
        tensors.add(entry("h.3.a.weight", Shape.of(3)));
        for (int expert = 0; expert < 4; expert++) tensors.add(entry("h.1.e." + expert + ".w", Shape.of(1)));
        tensors.add(entry("7", Shape.of()));
        tensors.add(entry("a..b", Shape.of()));
        tensors.add(entry("x.01.y", Shape.of()));
        NamePatterns patterns = new NamePatterns(5);
        tensors.forEach(patterns::add);
        List<String> lines = patterns.lines().stream().map(line -> line.name() + " " + line.count() + " " + line.bytes()).toList();
        assertEquals(List.of("h.{0-2,5}.a.weight 4 32", "h.3.a.weight 1 12", "h.1.e.{0-3}.w 4 16", "7 1 4", "a..b 1 4"), lines);
        assertEquals(1, patterns.left());
    }

    private static Inspection.Entry entry(String name, Shape shape) { return new Inspection.Entry(name, "F32", shape, 4 * shape.elements(), null, true); }
}
