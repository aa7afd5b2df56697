package io.graft.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import io.graft.formats.tokenizer.Tokenizer;
import io.graft.tests.Fixtures;
import io.graft.tests.GoldenTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class GgufTokenizerTest {

    /** Through a GGUF's metadata and back: the ids of every text that holds no token whose flags the format cannot say. */
    @Test
    void aByteLevelTokenizerGivesTheSameIdsAfterAGguf() throws IOException {
        for (String name : new String[] {"smollm2", "llama3", "qwen2", "aya", "gpt2_prefix"}) {
            Path folder = Fixtures.require("fixtures/tokenizer/" + name + "/encode.jsonl").getParent();
            JsonObject json = Json.readObject(folder.resolve("tokenizer.json")), config = Json.readObject(folder.resolve("tokenizer_config.json"));
            HeaderWriter out = new HeaderWriter();
            out.put("general.architecture", "llama");
            List<String> notes = new ArrayList<>();
            int size = json.getAsJsonObject("model").getAsJsonObject("vocab").size() + json.getAsJsonArray("added_tokens").size() + 7; // an embedding with rows to spare
            TokenizerMetadata.add("test", json, config, null, new JsonObject(), size, out, notes);
            assertEquals(1, notes.size(), name + notes);
            compare(name, files(out), folder, json);
        }
    }

    /** As published files of Llama 2 and Gemma are: pieces and scores, a score being minus the rank of the merge that made the piece. */
    @Test
    void mergesOfSentencePieceFollowFromTheScores() throws IOException {
        for (String name : new String[] {"llama2", "gemma"}) {
            Path folder = Fixtures.require("fixtures/tokenizer/" + name + "/encode.jsonl").getParent();
            JsonObject json = Json.readObject(folder.resolve("tokenizer.json"));
            Map<String, Integer> rank = new HashMap<>();
            for (JsonElement merge : json.getAsJsonObject("model").getAsJsonArray("merges"))
                rank.putIfAbsent(merge.getAsJsonArray().get(0).getAsString() + merge.getAsJsonArray().get(1).getAsString(), rank.size());
            Map<Integer, String> tokens = new HashMap<>();
            Map<Integer, Integer> types = new HashMap<>();
            json.getAsJsonObject("model").getAsJsonObject("vocab").entrySet().forEach(entry -> tokens.put(entry.getValue().getAsInt(), entry.getKey()));
            tokens.forEach((id, token) -> types.put(id, token.matches("<0x[0-9A-F]{2}>") ? GgufTokenizer.BYTE : GgufTokenizer.NORMAL));
            int unknown = -1, bos = -1;
            for (JsonElement added : json.getAsJsonArray("added_tokens")) {
                JsonObject token = added.getAsJsonObject();
                int id = token.get("id").getAsInt();
                String content = token.get("content").getAsString();
                tokens.put(id, content);
                types.put(id, content.equals("<unk>") ? GgufTokenizer.UNKNOWN : token.get("special").getAsBoolean() ? GgufTokenizer.CONTROL : GgufTokenizer.USER_DEFINED);
                if (content.equals("<unk>")) unknown = id;
                if (content.equals("<s>") || content.equals("<bos>")) bos = id;
            }
            HeaderWriter out = new HeaderWriter();
            out.put("general.architecture", "llama");
            out.put(GgufTokenizer.MODEL, "llama");
            List<String> list = new ArrayList<>();
            int[] type = new int[tokens.size()];
            byte[] scores = new byte[4 * tokens.size()];
            for (int id = 0; id < tokens.size(); id++) {
                list.add(tokens.get(id));
                type[id] = types.get(id);
                int bits = Float.floatToIntBits(-rank.getOrDefault(tokens.get(id), 1_000_000));
                for (int b = 0; b < 4; b++) scores[4 * id + b] = (byte) (bits >>> 8 * b);
            }
            out.put(GgufTokenizer.TOKENS, list);
            out.put(GgufTokenizer.TYPES, type);
            out.metadata().put(GgufTokenizer.SCORES, new GgufValue.Numbers(GgufValue.Type.FLOAT32, list.size(), scores));
            out.put("tokenizer.ggml.unknown_token_id", (long) unknown);
            out.put("tokenizer.ggml.bos_token_id", (long) bos);
            if (name.equals("gemma")) out.put("tokenizer.ggml.add_space_prefix", false);
            compare(name, files(out), folder, json);
        }
    }

    @Test
    void theRealSmolLmGivesTheGoldenIds() {
        Path path = Path.of(System.getProperty("user.home"), ".cache/graft-models/SmolLM2-135M-Instruct.Q4_1.gguf");
        Assumptions.assumeTrue(Files.exists(path), "no SmolLM2 in ~/.cache/graft-models (shared/models/fetch-smollm2 fetches it)");
        JsonObject golden = Json.readObject(Fixtures.require("models/smollm2/golden.json"));
        Map<String, long[]> ids = GoldenTensors.integers(Fixtures.require("models/smollm2/golden.safetensors"));
        int compared = 0;
        try (GgufModel model = GgufModel.open(path)) {
            Tokenizer tokenizer = tokenizer(model.sideFiles());
            for (String group : new String[] {"chat", "plain"})
                for (JsonElement row : golden.getAsJsonArray(group)) {
                    long[] expected = ids.get("ids." + row.getAsJsonObject().get("n").getAsInt());
                    assertArrayEquals(expected, Arrays.stream(tokenizer.ids(row.getAsJsonObject().get("text").getAsString(), false)).asLongStream().toArray());
                    compared++;
                }
        }
        assertEquals(6, compared);
    }

    private static Map<String, String> files(HeaderWriter out) { return GgufTokenizer.files(new GgufMetadata("test", out.metadata())); }

    private static Tokenizer tokenizer(Map<String, String> files) {
        return Tokenizer.fromJson("tokenizer.json", Json.parse("tokenizer.json", files.get("tokenizer.json")).getAsJsonObject());
    }

    private static void compare(String name, Map<String, String> files, Path folder, JsonObject original) throws IOException {
        Tokenizer tokenizer = tokenizer(files);
        List<String> lossy = new ArrayList<>();
        for (JsonElement added : original.getAsJsonArray("added_tokens"))
            for (String flag : new String[] {"lstrip", "rstrip", "single_word", "normalized"})
                if (added.getAsJsonObject().get(flag).getAsBoolean()) lossy.add(added.getAsJsonObject().get("content").getAsString());
        int compared = 0;
        for (String line : Files.readString(folder.resolve("encode.jsonl")).split("\n")) {
            JsonObject row = Json.parse(name, line).getAsJsonObject();
            String text = row.get("text").getAsString();
            if (lossy.stream().anyMatch(text::contains)) continue;
            assertArrayEquals(ints(row.getAsJsonArray("ids")), tokenizer.ids(text, false), () -> name + ": " + text);
            assertArrayEquals(ints(row.getAsJsonArray("ids_special")), tokenizer.ids(text, true), () -> name + ": " + text);
            compared++;
        }
        assertTrue(compared > 100, name + ": " + compared + " texts compared");
    }

    private static int[] ints(JsonArray array) { return array.asList().stream().mapToInt(JsonElement::getAsInt).toArray(); }
}
