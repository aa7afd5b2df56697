package io.graft.formats.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.chat.ChatTemplate;
import io.graft.formats.json.Json;
import io.graft.formats.tokenizer.Tokenizer;
import io.graft.tests.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExampleReaderTest {

    private final Path folder = Fixtures.require("fixtures/tokenizer/smollm2");
    private final Tokenizer tokenizer = Tokenizer.fromFolder(folder);

    /** A template that marks the assistant's part, and the same without marks, told apart by rendering with and without a turn. */
    @Test
    void whatTheAssistantSaysIsLearnedWithItsEndOfTurn() throws IOException {
        String marked = Files.readString(folder.resolve("chat_masks.jinja"));
        ExampleReader byMarks = new ExampleReader(tokenizer, ChatTemplate.of("marked", marked, Map.of()), 10_000);
        ExampleReader byPrefixes = new ExampleReader(tokenizer, ChatTemplate.of("plain", marked.replaceAll("\\{%-? *(end)?generation *-?%\\}", ""), Map.of()), 10_000);
        int checked = 0;
        for (String line : Files.readString(folder.resolve("chat_masks.jsonl")).split("\n")) {
            JsonObject row = Json.parse("chat_masks", line).getAsJsonObject();
            if (row.get("add_generation_prompt").getAsBoolean()) continue;
            JsonObject example = new JsonObject();
            example.add("messages", row.get("messages"));
            for (ExampleReader reader : new ExampleReader[] {byMarks, byPrefixes}) {
                Example read = reader.parse("row", Json.line(example));
                assertArrayEquals(row.getAsJsonArray("ids").asList().stream().mapToInt(id -> id.getAsInt()).toArray(), read.ids());
                for (int i = 0; i < read.ids().length; i++)
                    assertEquals(row.getAsJsonArray("assistant_mask").get(i).getAsInt() == 1 ? read.ids()[i] : Example.IGNORED, read.labels()[i], line);
            }
            checked++;
        }
        assertTrue(checked > 0);
    }

    @Test
    void aCompletionIsLearnedAndItsPromptIsNot() {
        ExampleReader reader = new ExampleReader(tokenizer, null, 100);
        Example example = reader.parse("row", "{\"prompt\": \"2 + 2 =\", \"completion\": \" 4\"}");
        int prompt = tokenizer.ids("2 + 2 =", false).length;
        for (int i = 0; i < example.ids().length; i++) assertEquals(i < prompt ? Example.IGNORED : example.ids()[i], example.labels()[i]);
        assertEquals(tokenizer.roles().eos(), example.ids()[example.ids().length - 1]);
    }

    @Test
    void whatIsTooLongIsCutAndSaysSo() {
        Example cut = new ExampleReader(null, null, 3).parse("row", "{\"ids\": [5, 6, 7, 8, 9]}");
        assertArrayEquals(new int[] {5, 6, 7}, cut.ids());
        assertEquals(2, cut.cut());
        assertEquals(2, cut.counted());
    }

    @Test
    void whatIsWrongIsNamed() {
        ExampleReader reader = new ExampleReader(null, null, 10);
        for (String line : new String[] {"[]", "{}", "{\"ids\": [1.5]}", "{\"ids\": []}", "{\"ids\": [1], \"labels\": []}", "{\"text\": \"a\"}", "{\"messages\": []}", "{\"prompt\": \"a\"}", "nonsense"}) {
            RequestException error = assertThrows(RequestException.class, () -> reader.parse("data.jsonl:7", line), line);
            assertTrue(error.getMessage().startsWith("data.jsonl:7"), error.getMessage());
        }
    }
}
