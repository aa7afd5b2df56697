package io.graft.tests;

import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Golden numbers out of a safetensors file, read by code that shares nothing with what is tested. */
public final class Golden {

    private final Path file;
    private final JsonObject header;
    private final ByteBuffer data;

    /**
     * Reads a file whole.
     *
     * @param file the file
     */
    public Golden(Path file) {
        this.file = file;
        try {
            ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            int length = Math.toIntExact(all.getLong(0));
            header = Json.parse(file.toString(), new String(all.array(), 8, length, StandardCharsets.UTF_8)).getAsJsonObject();
            data = all.slice(8 + length, all.capacity() - 8 - length).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** {@return whether there is a tensor of that name} */
    public boolean has(String name) { return header.has(name); }

    /** {@return the names of all tensors} */
    public java.util.List<String> names() { return header.keySet().stream().filter(name -> !name.equals("__metadata__")).toList(); }

    /** {@return its dtype, as the file writes it} */
    public String dtype(String name) { return header.getAsJsonObject(name).get("dtype").getAsString(); }

    /** {@return the sizes of a tensor} */
    public int[] shape(String name) {
        var sizes = header.getAsJsonObject(name).getAsJsonArray("shape");
        int[] shape = new int[sizes.size()];
        for (int i = 0; i < shape.length; i++) shape[i] = sizes.get(i).getAsInt();
        return shape;
    }

    /** {@return the offset of a tensor in {@link #bytes}} */
    public int offset(String name) { return header.getAsJsonObject(name).getAsJsonArray("data_offsets").get(0).getAsInt(); }

    /** {@return the data section} */
    public ByteBuffer bytes() { return data; }

    /** {@return a tensor's elements, whatever its dtype, row-major} */
    public double[] doubles(String name) {
        if (!has(name)) throw new AssertionError(file + " has no tensor " + name);
        int count = 1, at = offset(name);
        for (int size : shape(name)) count *= size;
        double[] values = new double[count];
        for (int i = 0; i < count; i++)
            values[i] = switch (dtype(name)) {
                case "F64" -> data.getDouble(at + 8 * i);
                case "F32" -> data.getFloat(at + 4 * i);
                case "BF16" -> Float.intBitsToFloat(data.getShort(at + 2 * i) << 16);
                case "F16" -> Float.float16ToFloat(data.getShort(at + 2 * i));
                case "I64" -> data.getLong(at + 8 * i);
                case "I32" -> data.getInt(at + 4 * i);
                case "U8", "BOOL" -> data.get(at + i) & 0xff;
                default -> throw new AssertionError(dtype(name));
            };
        return values;
    }

    /** {@return a tensor of integers} */
    public int[] ints(String name) {
        double[] values = doubles(name);
        int[] ints = new int[values.length];
        for (int i = 0; i < ints.length; i++) ints[i] = (int) values[i];
        return ints;
    }

    /** {@return a row of a tensor, its last dimension} */
    public double[] row(String name, int row) {
        int[] shape = shape(name);
        int width = shape[shape.length - 1];
        return java.util.Arrays.copyOfRange(doubles(name), row * width, (row + 1) * width);
    }
}
