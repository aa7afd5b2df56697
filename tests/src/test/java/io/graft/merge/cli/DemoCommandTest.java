package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Command;

class DemoCommandTest {

    @TempDir
    private Path temp;

    @Test
    void mergesVerifiesAndCanBeRunAgain() throws IOException {
        Path out = temp.resolve("demo");
        CommandLineRun run = CommandLineRun.of("demo", "--no-study", "--out", out.toString());
        assertEquals(0, run.status(), run.err());
        assertTrue(run.out().contains("computed: equal bits") && run.out().contains("copied: equal bytes"), run.out());
        assertTrue(Files.readString(out.resolve("diff.html")).contains("<svg"));
        assertTrue(Files.isRegularFile(out.resolve("merged/model.safetensors")));
        CommandLineRun again = CommandLineRun.of("demo", "--no-study", "--json", "--quiet", "--out", out.toString());
        assertEquals(0, again.status(), again.err());
        JsonObject all = Json.parse("stdout", again.out()).getAsJsonObject();
        JsonArray verified = all.getAsJsonArray("verified");
        int tensors = 0;
        for (var part : verified) tensors += part.getAsJsonObject().get("tensors").getAsInt();
        assertEquals(75, tensors);
    }

    /** A byte of the result that is not what the recipe says is found, wherever it lies. */
    @Test
    void aWrongByteIsFound() throws IOException {
        Path out = temp.resolve("demo"), file = out.resolve("merged/model.safetensors");
        assertEquals(0, CommandLineRun.of("demo", "--no-study", "--out", out.toString()).status());
        byte[] right = Files.readAllBytes(file);
        int data = 8 + (int) java.nio.ByteBuffer.wrap(right).order(java.nio.ByteOrder.LITTLE_ENDIAN).getLong(0);
        for (int at : new int[] {data, data + 70_000, right.length / 2, right.length - 1}) {
            byte[] wrong = right.clone();
            wrong[at] ^= 1;
            Files.write(file, wrong);
            try (var base = open(out, "base"); var language = open(out, "language-expert"); var task = open(out, "math-expert"); var merged = open(out, "merged");
                    SwapCheck check = new SwapCheck(base, language, task, merged, 0, 1)) {
                org.junit.jupiter.api.Assertions.assertThrows(io.graft.engine.RunException.class, check::verify, "byte " + at);
            }
        }
    }

    private static io.graft.formats.model.ModelSource open(Path out, String name) { return io.graft.formats.model.ModelSources.open(out.resolve(name).toString()); }

    /** Every command's help has an example; those that use the demo's folder run as they stand there. */
    @Test
    void theExamplesOfTheHelpRun() {
        Path out = temp.resolve("graft-demo");
        assertEquals(0, CommandLineRun.of("demo", "--no-study", "--out", out.toString()).status());
        int ran = 0;
        for (Class<?> type : Commands.ALL) {
            for (String line : type.getAnnotation(Command.class).footer()) {
                if (!line.startsWith("Example: graft ") || !line.contains("graft-demo")) continue;
                String[] words = line.substring("Example: graft ".length()).split(" ");
                for (int i = 0; i < words.length; i++) words[i] = words[i].replace("graft-demo", out.toString());
                CommandLineRun run = CommandLineRun.of(words);
                assertEquals(0, run.status(), line + "\n" + run.err());
                ran++;
            }
        }
        assertTrue(ran >= 2);
    }
}
