package io.graft.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RunException;
import io.graft.engine.memory.Owner;
import io.graft.formats.json.Json;
import io.graft.tests.Fixtures;
import io.graft.tests.GoldenTensors;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {

    @Test
    void everyTensorTypeDecodesToTheReferencesBits() throws Exception {
        Path folder = Fixtures.requireCommitted("fixtures/gguf");
        JsonObject golden = Json.readObject(folder.resolve("all_types.values.sha256.json")).getAsJsonObject("sha256");
        try (GgufFile file = GgufFile.open(folder.resolve("all_types.gguf"))) {
            assertEquals(golden.keySet(), new TreeSet<>(file.tensors().keySet()));
            var seen = new TreeSet<GgufType>();
            for (GgufFile.Entry entry : file.tensors().values()) {
                ByteBuffer bytes = ByteBuffer.allocate((int) entry.shape().elements() * 4).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(read(file, entry, 0, entry.shape().elements()));
                byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes.array());
                assertEquals(golden.get(entry.name()).getAsString(), HexFormat.of().formatHex(hash), entry.toString());
                seen.add(entry.type());
            }
            assertEquals(GgufType.values().length, seen.size(), "types that the file holds: " + seen);
        }
    }

    /** The same against the values, so that a mistake shows where it is. */
    @Test
    void everyTensorTypeDecodesToTheReferencesValues() {
        Map<String, float[]> golden = GoldenTensors.read(Fixtures.require("fixtures/gguf/all_types.values.safetensors"));
        try (GgufFile file = GgufFile.open(Fixtures.requireCommitted("fixtures/gguf/all_types.gguf"))) {
            for (GgufFile.Entry entry : file.tensors().values())
                assertArrayEquals(golden.get(entry.name()), read(file, entry, 0, entry.shape().elements()), entry.toString());
        }
    }

    @Test
    void aPieceIsThatPartOfTheWholeWhereverItBeginsAndEnds() {
        try (GgufFile file = GgufFile.open(Fixtures.requireCommitted("fixtures/gguf/all_types.gguf"))) {
            for (GgufFile.Entry entry : file.tensors().values()) {
                int all = (int) entry.shape().elements();
                float[] whole = read(file, entry, 0, all);
                for (int[] piece : new int[][] {{0, 0}, {0, 1}, {all - 1, 1}, {all / 3, all / 2}, {Math.min(31, all - 2), 2}, {all, 0}}) {
                    float[] part = read(file, entry, piece[0], piece[1]);
                    for (int i = 0; i < part.length; i++) assertEquals(whole[piece[0] + i], part[i], entry.name());
                }
                assertThrows(IndexOutOfBoundsException.class, () -> read(file, entry, 1, all));
            }
        }
    }

    @Test
    void metadataOfEveryTypeIsRead() {
        Path folder = Fixtures.requireCommitted("fixtures/gguf");
        JsonObject expected = Json.readObject(folder.resolve("manifest.json")).getAsJsonObject("metadata");
        try (GgufFile file = GgufFile.open(folder.resolve("all_types.gguf"))) {
            assertEquals(expected.keySet(), file.metadata().values().keySet());
            for (var entry : expected.entrySet()) {
                JsonObject each = entry.getValue().getAsJsonObject();
                GgufValue value = file.metadata().get(entry.getKey());
                assertEquals(each.get("type").getAsString(), value.type().name(), entry.getKey());
                check(entry.getKey(), each.get("value"), value);
            }
        }
    }

    private static void check(String key, JsonElement expected, GgufValue value) {
        switch (value) {
            case GgufValue.Int integer -> assertEquals(expected.getAsString(), integer.toString(), key);
            case GgufValue.Real real -> assertEquals(expected.getAsDouble(), real.value(), key);
            case GgufValue.Bool bool -> assertEquals(expected.getAsBoolean(), bool.value(), key);
            case GgufValue.Text text -> assertEquals(expected.getAsString(), text.value(), key);
            case GgufValue.Texts texts -> assertEquals(expected.getAsJsonArray().asList().stream().map(JsonElement::getAsString).toList(), texts.values(), key);
            case GgufValue.Arrays arrays -> {
                assertEquals(expected.getAsJsonArray().size(), arrays.values().size(), key);
                for (int i = 0; i < arrays.values().size(); i++) check(key, expected.getAsJsonArray().get(i), arrays.values().get(i));
            }
            case GgufValue.Numbers numbers -> {
                assertEquals(expected.getAsJsonArray().size(), numbers.count(), key);
                for (int i = 0; i < numbers.count(); i++) {
                    JsonElement each = expected.getAsJsonArray().get(i);
                    if (numbers.of() == GgufValue.Type.BOOL) assertEquals(each.getAsBoolean(), numbers.integer(i) == 1, key);
                    else assertEquals(each.getAsDouble(), numbers.real(i), key);
                }
            }
        }
    }

    @Test
    void everyMalformedFileIsRefusedForItsReason() {
        Path folder = Fixtures.requireCommitted("fixtures/gguf");
        var malformed = Json.readObject(folder.resolve("manifest.json")).getAsJsonArray("malformed");
        assertTrue(malformed.size() >= 42);
        for (JsonElement element : malformed) {
            JsonObject each = element.getAsJsonObject();
            String name = each.get("file").getAsString();
            GgufException error = assertThrows(GgufException.class, () -> GgufFile.open(folder.resolve(name)).close(), name);
            assertEquals(reason(each.get("kind").getAsString()), reason(error.kind().name().replace("_", "")), name + ": " + error.getMessage());
            assertTrue(error.getMessage().contains(name), error.getMessage());
        }
    }

    /** A file that is cut and a count that is absurd are one thing, seen from two sides: the file is shorter than it says. */
    private static String reason(String kind) { return kind.equalsIgnoreCase("AbsurdCount") ? "TRUNCATED" : kind.toUpperCase(Locale.ROOT); }

    @Test
    void everyValidFileIsRead() {
        Path folder = Fixtures.requireCommitted("fixtures/gguf");
        for (JsonElement name : Json.readObject(folder.resolve("manifest.json")).getAsJsonArray("ok"))
            try (GgufFile file = GgufFile.open(folder.resolve(name.getAsString()))) {
                assertEquals(name.getAsString().contains("no_tensors"), file.tensors().isEmpty(), name.getAsString());
                for (GgufFile.Entry entry : file.tensors().values()) assertEquals(entry.shape().elements(), read(file, entry, 0, entry.shape().elements()).length);
            }
    }

    @Test
    void aFileThatBecomesShorterIsAnErrorAndAClosedOneAnException(@TempDir Path folder) throws IOException {
        Path copy = Files.copy(Fixtures.requireCommitted("fixtures/gguf/all_types.gguf"), folder.resolve("cut.gguf"));
        GgufFile file = GgufFile.open(copy);
        GgufFile.Entry last = file.tensors().lastEntry().getValue();
        try (FileChannel cut = FileChannel.open(copy, StandardOpenOption.WRITE)) {
            cut.truncate(last.offset() + 3);
        }
        RunException error = assertThrows(RunException.class, () -> read(file, last, 0, last.shape().elements()));
        assertTrue(error.getMessage().contains(last.name()), error.getMessage());
        file.close();
        assertThrows(IllegalStateException.class, () -> read(file, last, 0, 1));
    }

    static float[] read(GgufFile file, GgufFile.Entry entry, long first, long count) {
        try (Owner owner = Owner.allocate("test", count * 4)) {
            file.readF32(entry, first, count, owner.segment());
            return owner.segment().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
        }
    }
}
