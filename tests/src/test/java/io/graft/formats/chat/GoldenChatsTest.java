package io.graft.formats.chat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.formats.tokenizer.Encoding;
import io.graft.formats.tokenizer.Golden;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Every conversation of fixtures/tokenizer, exactly. */
class GoldenChatsTest {

    static final List<String> KINDS = Golden.KINDS;

    @ParameterizedTest
    @FieldSource("KINDS")
    void conversationsHaveTheirTextAndIdsOrTheTemplatesWords(String kind) {
        ChatTemplate template = ChatTemplate.fromFolder(Golden.folder(kind));
        for (JsonObject row : Golden.rows(kind, "chat.jsonl")) {
            boolean prompt = row.get("add_generation_prompt").getAsBoolean();
            if (row.has("error")) {
                RequestException refused = assertThrows(RequestException.class, () -> template.render(messages(row), prompt, Map.of()), row.toString());
                assertTrue(refused.getMessage().endsWith(": " + row.get("error").getAsString()), refused.getMessage());
                continue;
            }
            String text = template.render(messages(row), prompt, Map.of());
            assertEquals(row.get("text").getAsString(), text);
            assertArrayEquals(Golden.ints(row.get("ids")), Golden.tokenizer(kind).ids(text, false), text);
        }
    }

    @Test
    void theAssistantsTokensAreMarked() {
        String source = Json.readText(Golden.folder("smollm2").resolve("chat_masks.jinja"));
        ChatTemplate template = ChatTemplate.of("chat_masks.jinja", source, Map.of());
        assertTrue(template.marksAssistant());
        for (JsonObject row : Golden.rows("smollm2", "chat_masks.jsonl")) {
            Rendered rendered = template.renderWithMask(messages(row), row.get("add_generation_prompt").getAsBoolean(), Map.of());
            assertEquals(row.get("text").getAsString(), rendered.text());
            Encoding encoding = Golden.tokenizer("smollm2").encode(rendered.text(), false);
            assertArrayEquals(Golden.ints(row.get("ids")), encoding.ids());
            assertArrayEquals(Golden.ints(row.get("assistant_mask")), rendered.mask(encoding), row.toString());
        }
    }

    private static List<Message> messages(JsonObject row) {
        List<Message> messages = new ArrayList<>();
        for (JsonElement each : row.getAsJsonArray("messages")) messages.add(new Message(each.getAsJsonObject()));
        return messages;
    }
}
