package io.graft.formats.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Every row of fixtures/tokenizer, exactly. */
class GoldenTokenizersTest {

    static final List<String> KINDS = Golden.KINDS;

    @ParameterizedTest
    @FieldSource("KINDS")
    void textsHaveTheirIdsAndComeBack(String kind) {
        Tokenizer tokenizer = Golden.tokenizer(kind);
        for (JsonObject row : Golden.rows(kind, "encode.jsonl")) {
            String text = row.get("text").getAsString();
            Encoding plain = tokenizer.encode(text, false);
            assertArrayEquals(Golden.ints(row.get("ids")), plain.ids(), text);
            int[] special = tokenizer.encode(text, true).ids();
            assertArrayEquals(Golden.ints(row.get("ids_special")), special, text);
            assertArrayEquals(special, tokenizer.ids(text, true), text);
            if (row.has("tokens")) assertEquals(strings(row.get("tokens")), plain.tokens(), text);
            assertEquals(row.get("decoded").getAsString(), tokenizer.decode(special, false));
            assertEquals(row.get("decoded_skip").getAsString(), tokenizer.decode(special, true));
        }
    }

    @ParameterizedTest
    @FieldSource("KINDS")
    void pairsHaveTheirIdsAndTypes(String kind) {
        for (JsonObject row : Golden.rows(kind, "pairs.jsonl")) {
            Encoding pair = Golden.tokenizer(kind).encodePair(row.get("text").getAsString(), row.get("pair").getAsString(), true);
            assertArrayEquals(Golden.ints(row.get("ids_special")), pair.ids(), row.toString());
            assertArrayEquals(Golden.ints(row.get("type_ids")), pair.typeIds(), row.toString());
        }
    }

    @ParameterizedTest
    @FieldSource("KINDS")
    void anyIdsHaveTheirText(String kind) {
        for (JsonObject row : Golden.rows(kind, "decode.jsonl")) {
            int[] ids = Golden.ints(row.get("ids"));
            assertEquals(row.get("decoded").getAsString(), Golden.tokenizer(kind).decode(ids, false), row.toString());
            assertEquals(row.get("decoded_skip").getAsString(), Golden.tokenizer(kind).decode(ids, true), row.toString());
        }
    }

    @ParameterizedTest
    @FieldSource("KINDS")
    void streamsGiveEveryPieceWhenItIsWhole(String kind) {
        for (JsonObject row : Golden.rows(kind, "streams.jsonl")) {
            StreamDecoder stream = Golden.tokenizer(kind).stream(false);
            List<String> pieces = new ArrayList<>();
            for (int id : Golden.ints(row.get("ids"))) pieces.add(stream.push(id));
            assertEquals(strings(row.get("pieces")), pieces, row.toString());
        }
    }

    @ParameterizedTest
    @FieldSource("KINDS")
    void tokensKnowWhereTheyComeFrom(String kind) {
        for (JsonObject row : Golden.rows(kind, "offsets.jsonl")) {
            Encoding encoding = Golden.tokenizer(kind).encode(row.get("text").getAsString(), false);
            assertArrayEquals(Golden.ints(row.get("ids")), encoding.ids(), row.toString());
            JsonArray offsets = row.getAsJsonArray("offsets");
            for (int i = 0; i < offsets.size(); i++)
                assertArrayEquals(Golden.ints(offsets.get(i)), new int[] {encoding.starts()[i], encoding.ends()[i]}, "token " + i + " of " + row);
        }
    }

    private static List<String> strings(JsonElement list) {
        List<String> strings = new ArrayList<>();
        for (JsonElement each : list.getAsJsonArray()) strings.add(each.isJsonNull() ? "" : each.getAsString()); // tokenizers has nothing where we have an empty piece
        return strings;
    }
}
