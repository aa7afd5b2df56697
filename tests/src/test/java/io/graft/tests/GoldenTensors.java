package io.graft.tests;

import com.google.gson.JsonObject;
import io.graft.engine.memory.Shape;
import io.graft.formats.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Small safetensors files of golden data, read in the plainest way, so that no reader of Graft vouches for itself. */
public final class GoldenTensors {

    private GoldenTensors() {}

    /**
     * The sizes of every tensor of a file.
     *
     * @param file a small safetensors file
     * @return its shapes by name, in the order of the header
     */
    public static Map<String, Shape> shapes(Path file) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            Map<String, Shape> shapes = new LinkedHashMap<>();
            Json.parse(file.toString(), new String(bytes.array(), 8, (int) bytes.getLong(0), StandardCharsets.UTF_8)).getAsJsonObject().asMap().forEach((name, tensor) -> {
                if (!name.equals("__metadata__"))
                    shapes.put(name, Shape.of(tensor.getAsJsonObject().getAsJsonArray("shape").asList().stream().mapToLong(size -> size.getAsLong()).toArray()));
            });
            return shapes;
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /**
     * Every I64 tensor of a file.
     *
     * @param file a small safetensors file
     * @return its values by name
     */
    public static Map<String, long[]> integers(Path file) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            int header = (int) bytes.getLong(0);
            Map<String, long[]> tensors = new LinkedHashMap<>();
            Json.parse(file.toString(), new String(bytes.array(), 8, header, StandardCharsets.UTF_8)).getAsJsonObject().asMap().forEach((name, tensor) -> {
                if (name.equals("__metadata__") || !tensor.getAsJsonObject().get("dtype").getAsString().equals("I64")) return;
                var offsets = tensor.getAsJsonObject().getAsJsonArray("data_offsets");
                int at = 8 + header + offsets.get(0).getAsInt();
                long[] values = new long[(offsets.get(1).getAsInt() - offsets.get(0).getAsInt()) / 8];
                for (int i = 0; i < values.length; i++) values[i] = bytes.getLong(at + 8 * i);
                tensors.put(name, values);
            });
            return tensors;
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /**
     * Every F32, BF16 and F16 tensor of a file.
     *
     * @param file a small safetensors file
     * @return its values by name
     */
    public static Map<String, float[]> read(Path file) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            int header = (int) bytes.getLong(0);
            JsonObject table = Json.parse(file.toString(), new String(bytes.array(), 8, header, StandardCharsets.UTF_8)).getAsJsonObject();
            Map<String, float[]> tensors = new LinkedHashMap<>();
            for (var entry : table.entrySet()) {
                if (entry.getKey().equals("__metadata__")) continue;
                JsonObject tensor = entry.getValue().getAsJsonObject();
                var offsets = tensor.getAsJsonArray("data_offsets");
                int at = 8 + header + offsets.get(0).getAsInt(), size = offsets.get(1).getAsInt() - offsets.get(0).getAsInt();
                float[] values = switch (tensor.get("dtype").getAsString()) {
                    case "F32" -> {
                        float[] singles = new float[size / 4];
                        for (int i = 0; i < singles.length; i++) singles[i] = bytes.getFloat(at + 4 * i);
                        yield singles;
                    }
                    case "BF16" -> {
                        float[] halves = new float[size / 2];
                        for (int i = 0; i < halves.length; i++) halves[i] = Float.intBitsToFloat(bytes.getShort(at + 2 * i) << 16);
                        yield halves;
                    }
                    case "F16" -> {
                        float[] halves = new float[size / 2];
                        for (int i = 0; i < halves.length; i++) halves[i] = Float.float16ToFloat(bytes.getShort(at + 2 * i));
                        yield halves;
                    }
                    default -> null;
                };
                if (values != null) tensors.put(entry.getKey(), values);
            }
            return tensors;
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
