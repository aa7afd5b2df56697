package io.graft.formats.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.formats.json.Json;
import io.graft.tests.Fixtures;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every golden file of safetensors 0.8.0: the broken ones by the rule they break, the valid ones by their values, the written ones by their bytes. */
class SafetensorsFixturesTest {

    @TempDir
    Path folder;

    /** Committed whole, so that every rule is proved without the shared folder. */
    private static Path golden() { return Fixtures.requireCommitted("fixtures/safetensors"); }

    @TestFactory
    List<DynamicTest> everyGoldenFile() {
        Path golden = golden();
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonElement each : Json.readObject(golden.resolve("manifest.json")).getAsJsonArray("files")) {
            JsonObject expected = each.getAsJsonObject();
            Path file = golden.resolve(expected.get("file").getAsString());
            boolean valid = expected.get("expected").getAsString().equals("ok");
            tests.add(DynamicTest.dynamicTest(expected.get("file").getAsString(), () -> {
                if (valid) reads(expected, file);
                else refuses(expected, file);
            }));
        }
        assertTrue(tests.size() > 100, "the manifest is not read");
        return tests;
    }

    private static void refuses(JsonObject expected, Path file) {
        SafetensorsException error = assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(file).close());
        assertEquals(expected.get("expected").getAsString(), error.kind().name(), error.getMessage());
        assertTrue(error.getMessage().startsWith(file.toString()), error.getMessage());
        assertTrue(error.getMessage().contains("found "), error.getMessage());
    }

    private static void reads(JsonObject expected, Path path) {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            Map<String, String> metadata = new LinkedHashMap<>();
            if (expected.get("metadata").isJsonObject()) expected.getAsJsonObject("metadata").asMap().forEach((key, value) -> metadata.put(key, value.getAsString()));
            assertEquals(metadata, file.metadata());
            List<String> names = new ArrayList<>();
            for (JsonElement each : expected.getAsJsonArray("tensors")) {
                JsonObject tensor = each.getAsJsonObject();
                String name = tensor.get("name").getAsString();
                names.add(name);
                SafetensorsFile.Entry entry = file.tensors().get(name);
                assertEquals(new SafetensorsFile.Entry(name, DType.valueOf(tensor.get("dtype").getAsString()), shape(tensor), tensor.get("file_offset").getAsLong(),
                        tensor.get("bytes").getAsLong()), entry);
                if (tensor.has("base64")) {
                    byte[] bytes = Base64.getDecoder().decode(tensor.get("base64").getAsString());
                    assertArrayEquals(bytes, file.tensor(name).segment().toArray(ValueLayout.JAVA_BYTE));
                    if (entry.dtype().isComputable()) widens(file, name, entry.dtype(), bytes);
                }
            }
            assertEquals(names, new ArrayList<>(file.tensors().keySet()));
            Collections.reverse(names);
            assertEquals(names, new ArrayList<>(file.tensors().reversed().keySet()));
        }
    }

    private static void widens(SafetensorsFile file, String name, DType dtype, byte[] bytes) {
        int count = (int) file.tensors().get(name).shape().elements();
        try (Owner block = Owner.allocate("widened", 4L * count)) {
            file.source(name).readF32(0, count, block.segment());
            MemorySegment stored = MemorySegment.ofArray(bytes);
            for (int i = 0; i < count; i++) {
                float expected = switch (dtype) {
                    case F32 -> stored.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
                    case F16 -> Float.float16ToFloat(stored.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
                    default -> Float.intBitsToFloat(stored.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i) << 16);
                };
                assertEquals(Float.floatToRawIntBits(expected), block.segment().getAtIndex(ValueLayout.JAVA_INT, i), name + " element " + i);
            }
        }
    }

    @Test
    void whatIsWrittenEqualsTheReferencesBytes() throws IOException {
        Path golden = golden();
        JsonElement files = Json.parse("writer", Json.readText(golden.resolve("writer/manifest.json")));
        int compared = 0;
        for (JsonElement each : files.isJsonArray() ? files.getAsJsonArray() : files.getAsJsonObject().getAsJsonArray("files")) {
            JsonObject file = each.getAsJsonObject();
            Map<String, String> metadata = null;
            if (file.get("metadata").isJsonObject()) {
                metadata = new LinkedHashMap<>();
                for (var entry : file.getAsJsonObject("metadata").entrySet()) metadata.put(entry.getKey(), entry.getValue().getAsString());
            }
            List<Tensor> tensors = new ArrayList<>();
            for (JsonElement tensor : file.getAsJsonArray("tensors")) tensors.add(tensor(tensor.getAsJsonObject()));
            Path written = folder.resolve("written.safetensors");
            for (int order = 0; order < 2; order++) {
                SafetensorsWriter.write(written, metadata, tensors);
                assertArrayEquals(Files.readAllBytes(golden.resolve(file.get("file").getAsString())), Files.readAllBytes(written), file.get("file").getAsString());
                Collections.reverse(tensors);
            }
            tensors.forEach(Tensor::close);
            compared++;
        }
        assertEquals(11, compared);
    }

    private static Tensor tensor(JsonObject golden) {
        Tensor tensor = Tensor.allocate(golden.get("name").getAsString(), DType.valueOf(golden.get("dtype").getAsString()), shape(golden));
        tensor.segment().copyFrom(MemorySegment.ofArray(Base64.getDecoder().decode(golden.get("base64").getAsString())));
        return tensor;
    }

    private static Shape shape(JsonObject tensor) {
        return Shape.of(tensor.getAsJsonArray("shape").asList().stream().mapToLong(JsonElement::getAsLong).toArray());
    }
}
