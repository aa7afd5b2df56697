package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import io.graft.formats.tokenizer.Golden;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizeCommandTest {

    @TempDir
    Path folder;

    /** One line out for each line in, in all four keys, with and without the template's tokens. */
    @Test
    void everyGoldenTextGoesThroughAFileOfLines() throws IOException {
        for (String kind : List.of("llama3", "llama2", "gemma")) {
            List<JsonObject> rows = Golden.rows(kind, "encode.jsonl");
            Path file = Files.writeString(folder.resolve("in.jsonl"), String.join("\n", rows.stream().map(Json::line).toList()));
            String model = Golden.folder(kind).toString();
            String[] special = lines(CommandLineRun.of("tokenize", model, "--jsonl", file.toString())), plain = lines(CommandLineRun.of("tokenize", model, "--jsonl", file.toString(), "--no-special"));
            assertEquals(rows.size(), special.length);
            assertEquals(rows.size(), plain.length);
            for (int i = 0; i < special.length; i++) {
                JsonObject with = Json.parse("out", special[i]).getAsJsonObject(), without = Json.parse("out", plain[i]).getAsJsonObject();
                assertEquals(Set.of("ids", "tokens", "offsets", "decoded"), with.keySet());
                assertArrayEquals(Golden.ints(rows.get(i).get("ids_special")), Golden.ints(with.get("ids")));
                assertEquals(rows.get(i).get("decoded"), with.get("decoded"));
                assertArrayEquals(Golden.ints(rows.get(i).get("ids")), Golden.ints(without.get("ids")));
                assertEquals(without.getAsJsonArray("ids").size(), without.getAsJsonArray("offsets").size());
            }
        }
    }

    private static String[] lines(CommandLineRun run) {
        assertEquals(0, run.status(), run.err());
        assertEquals("", run.err());
        return run.out().split("\n");
    }

    @Test
    void conversationsComeFromStandardInput() {
        JsonObject row = Golden.rows("qwen2", "chat.jsonl").getFirst();
        String out = withInput(Json.line(row) + "\n", "tokenize", Golden.folder("qwen2").toString(), "--chat", "--jsonl").out();
        JsonObject result = Json.parse("out", out).getAsJsonObject();
        assertArrayEquals(Golden.ints(row.get("ids")), Golden.ints(result.get("ids")));
        assertEquals(row.get("text"), result.get("text"));
    }

    private static synchronized CommandLineRun withInput(String input, String... arguments) {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        try {
            return CommandLineRun.of(arguments);
        } finally {
            System.setIn(before);
        }
    }

    /** U+2028, U+0085 and a carriage return end no line; half a surrogate pair is U+FFFD, a whole one stays. */
    @Test
    void linesEndAtLineFeedsOnly() {
        String model = Golden.folder("llama3").toString();
        CommandLineRun run = withInput("{\"text\":\"a\u2028b\u0085c\"}\r\n{\"text\":\"\\ud800 \\\\ud800 \\ud83d\\ude00\"}", "tokenize", model, "--jsonl", "--no-special");
        String[] out = lines(run);
        assertEquals(2, out.length);
        assertEquals("a\u2028b\u0085c", Json.parse("out", out[0]).getAsJsonObject().get("decoded").getAsString());
        assertEquals("\uFFFD \\ud800 \uD83D\uDE00", Json.parse("out", out[1]).getAsJsonObject().get("decoded").getAsString());
    }

    @Test
    void aTextGivesATableOrADocument() {
        String model = Golden.folder("llama3").toString();
        CommandLineRun table = CommandLineRun.of("tokenize", model, "Hello");
        assertEquals(0, table.status());
        assertTrue(table.out().startsWith("  id  token") && table.out().contains("<|begin_of_text|>"), table.out());
        JsonObject document = Json.parse("out", CommandLineRun.of("tokenize", model, "--json", "Hello").out()).getAsJsonObject();
        assertEquals("<|begin_of_text|>Hello", document.get("decoded").getAsString());
        assertEquals(2, Json.parse("out", CommandLineRun.of("tokenize", model, "--json", "a", "b").out()).getAsJsonArray().size());
    }

    @Test
    void whatIsWrongIsNamedWithItsLine() {
        String model = Golden.folder("aya").toString();
        refused(withInput("{\"text\":\"a\"}\n{\"words\":1}\n", "tokenize", model, "--jsonl"), "standard input, line 2: no text");
        refused(withInput("{\"text\":\"a\"}\n\n", "tokenize", model, "--jsonl"), "standard input, line 2");
        refused(withInput("{\"messages\":[{\"role\":\"assistant\",\"content\":\"x\"}]}\n", "tokenize", model, "--jsonl", "--chat"), "turns must alternate");
        refused(CommandLineRun.of("tokenize", folder.toString(), "a"), folder.toString());
        refused(CommandLineRun.of("tokenize", model, "a", "--generation-prompt"), "needs --chat");
        CommandLineRun missing = CommandLineRun.of("tokenize", model, "--jsonl", folder.resolve("none").toString());
        assertTrue(missing.status() != 0 && missing.err().contains("no such file"), missing.err());
    }

    private static void refused(CommandLineRun run, String words) {
        assertEquals(2, run.status());
        assertTrue(run.err().contains(words), run.err());
    }
}
