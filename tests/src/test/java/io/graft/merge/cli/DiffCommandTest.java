package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiffCommandTest {

    @TempDir
    private Path temp;
    private Path base, math, language;

    @BeforeEach
    void models() {
        base = temp.resolve("base");
        math = temp.resolve("math-expert");
        language = temp.resolve("language-expert");
        for (Path each : List.of(base, math, language)) DemoFolder.model(each.getFileName().toString(), each);
    }

    @Test
    void theTableHasARowForEveryLayerAndModule() {
        CommandLineRun run = CommandLineRun.of("diff", base.toString(), math.toString());
        assertEquals(0, run.status(), run.err());
        assertEquals("", run.err());
        List<String> lines = run.out().lines().toList();
        assertEquals("layer  module                     change  relative   cosine  same sign  values changed", lines.getFirst());
        assertEquals(8 * 9 + 3 + 1, lines.indexOf("") - 1);
        assertTrue(lines.get(lines.size() - 1).startsWith("B differs from A in "));
    }

    /** The bits of every sum are those of one thread, and the numbers those of a plain loop over the file. */
    @Test
    void jsonIsTheSameForAnyThreadsAndEqualsAPlainSum() throws Exception {
        CommandLineRun one = CommandLineRun.of("diff", "--json", "--threads", "1", math.toString(), language.toString(), "--base", base.toString());
        CommandLineRun three = CommandLineRun.of("diff", "--json", "--threads", "3", math.toString(), language.toString(), "--base", base.toString());
        assertEquals(0, one.status(), one.err());
        assertEquals(one, three);
        JsonObject all = Json.parse("stdout", one.out()).getAsJsonObject();
        assertEquals(List.of("a", "b", "base", "total", "layers", "modules", "cells", "outside", "tensors", "not_compared"), new ArrayList<>(all.keySet()));
        assertEquals(72, all.getAsJsonArray("cells").size());
        JsonArray tensors = all.getAsJsonArray("tensors");
        assertEquals(75, tensors.size());
        JsonObject head = tensors.get(0).getAsJsonObject();
        assertEquals(List.of("name", "dtype", "shape", "elements", "change", "a_norm", "a_relative", "b_norm", "b_relative", "relative", "cosine", "sign_agreement", "changed", "not_finite"),
                new ArrayList<>(head.keySet()));
        assertEquals("lm_head.weight", head.get("name").getAsString());
        // lm_head stands first in the file, 239 x 64 values behind the header.
        float[] a = first(math), b = first(language), c = first(base);
        double aa = 0, bb = 0, ab = 0, cc = 0;
        for (int i = 0; i < a.length; i++) {
            double x = (double) a[i] - c[i], y = (double) b[i] - c[i];
            aa += x * x;
            bb += y * y;
            ab += x * y;
            cc += (double) c[i] * c[i];
        }
        double relative = 1e-12; // n = 15,296 terms: n * 2^-53 = 1.7e-12 at worst for each sum, and a root halves it
        assertEquals(Math.sqrt(aa), head.get("a_norm").getAsDouble(), Math.sqrt(aa) * relative);
        assertEquals(Math.sqrt(bb / cc), head.get("b_relative").getAsDouble(), Math.sqrt(bb / cc) * 2 * relative);
        assertEquals(ab / Math.sqrt(aa * bb), head.get("cosine").getAsDouble(), 1e-11);
    }

    @Test
    void thePageIsWrittenBesideTheResult() throws Exception {
        Path page = temp.resolve("diff.html");
        CommandLineRun run = CommandLineRun.of("diff", "--json", "--html", page.toString(), base.toString(), math.toString());
        assertEquals(0, run.status(), run.err());
        assertTrue(Files.readString(page).contains("What changed from A to B"));
        assertEquals("graft: note: wrote " + page + "\n", run.err());
        Json.parse("stdout", run.out());
    }

    @Test
    void aMissingModelIsARequestThatIsWrong() {
        CommandLineRun run = CommandLineRun.of("diff", base.toString(), temp.resolve("nowhere").toString());
        assertEquals(2, run.status());
        assertTrue(run.err().startsWith("graft: error: ") && run.err().contains("nowhere"), run.err());
        assertEquals("", run.out());
    }

    private static float[] first(Path model) throws Exception {
        ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(model.resolve("model.safetensors"))).order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[239 * 64];
        int at = 8 + (int) all.getLong(0);
        for (int i = 0; i < values.length; i++) values[i] = all.getFloat(at + 4 * i);
        return values;
    }
}
