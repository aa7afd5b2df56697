package io.graft.formats.safetensors;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Files too big to keep, made and opened in a JVM of their own with a small heap: {@code LargeHeaders FOLDER} prints a line
 * {@code NAME RESULT} for each.
 */
final class LargeHeaders {

    private LargeHeaders() {}

    /** Writes a header. */
    private interface Text {
        void write(OutputStream to) throws IOException;
    }

    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0]).resolve("large.safetensors");
        run("header_100MB_spaces", file, 0, out -> padded(out, "{}", 100_000_000));
        run("header_over_100MB", file, 0, out -> padded(out, "{}", 100_000_001));
        run("million_tensors", file, 1_000_000, out -> tensors(out, 1_000_000, "U8\",\"shape\":[1]", 1));
        run("million_on_one_range", file, 16, out -> tensors(out, 1_000_000, "F32\",\"shape\":[2,2]", 0));
        run("most_tensors", file, 0, out -> tensors(out, 1_700_000, "U8\",\"shape\":[0]", -1));
        run("backwards", file, 1_000_000, out -> tensors(out, 1_000_000, "U8\",\"shape\":[1]", -2));
        run("deep_1e6", file, 0, out -> ascii(out, "{\"a\":" + "[".repeat(1_000_000) + "]".repeat(1_000_000) + "}"));
        run("deep_in_unknown_field", file, 0, out -> ascii(out, "{\"a\":{\"b\":" + "[".repeat(1_000_000) + "]".repeat(1_000_000) + "}}"));
        run("long_shape", file, 0, out -> ascii(out, "{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,0],\"shape\":[0" + ",1".repeat(20_000_000) + "]}}"));
        run("name_1MB", file, 4, out -> ascii(out, "{\"" + "n".repeat(1_000_000) + "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"));
        run("names_of_1MB", file, 90, out -> {
            for (int i = 0; i < 90; i++) ascii(out, (i == 0 ? "{\"" : ",\"") + "n".repeat(1_000_000) + i + "\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[" + i + "," + (i + 1) + "]}");
            ascii(out, "}");
        });
        run("much_metadata", file, 0, out -> {
            ascii(out, "{\"__metadata__\":{");
            for (int i = 0; i < 6_000_000; i++) ascii(out, (i == 0 ? "\"" : ",\"") + i + "\":\"\"");
            ascii(out, "}}");
        });
    }

    private static void run(String name, Path path, int data, Text text) throws IOException {
        long header;
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(path), 1 << 16)) {
            out.write(new byte[8]);
            text.write(out);
        }
        header = Files.size(path) - 8;
        try (var channel = java.nio.channels.FileChannel.open(path, java.nio.file.StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, header), 0);
            if (data > 0) channel.write(ByteBuffer.allocate(1), 8 + header + data - 1);
        }
        String result;
        long begin = System.nanoTime();
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            long bytes = 0;
            String last = null;
            for (SafetensorsFile.Entry entry : file.tensors().values()) {
                bytes += entry.bytes();
                last = entry.name();
            }
            result = "ok " + file.tensors().size() + " tensors, " + bytes + " bytes" + (last != null && file.tensors().get(last) == null ? ", the last one not found" : "");
        } catch (SafetensorsException error) {
            result = error.kind().name() + (error.getMessage().length() > 1000 ? " with a long message" : "");
        }
        System.out.println(name + " " + result);
        System.err.printf("%s: %d ms%n", name, (System.nanoTime() - begin) / 1_000_000);
        Files.delete(path);
    }

    private static void padded(OutputStream out, String json, int length) throws IOException {
        ascii(out, json);
        byte[] spaces = " ".repeat(1 << 16).getBytes(StandardCharsets.US_ASCII);
        for (int left = length - json.length(); left > 0; left -= Math.min(left, spaces.length)) out.write(spaces, 0, Math.min(left, spaces.length));
    }

    /** Of a step of 1, each a byte after the other; 0, all on [0,16]; -1, all empty; -2, the first in the header last in the data. */
    private static void tensors(OutputStream out, int count, String dtypeAndShape, int step) throws IOException {
        for (int i = 0; i < count; i++) {
            int at = step == -2 ? count - 1 - i : i;
            String offsets = switch (step) {
                case 0 -> "0,16";
                case -1 -> "0,0";
                default -> at + "," + (at + 1);
            };
            ascii(out, (i == 0 ? "{\"t" : ",\"t") + Integer.toString(i, step == -1 ? 36 : 10) + "\":{\"dtype\":\"" + dtypeAndShape + ",\"data_offsets\":[" + offsets + "]}");
        }
        ascii(out, "}");
    }

    private static void ascii(OutputStream out, String text) throws IOException { out.write(text.getBytes(StandardCharsets.US_ASCII)); }
}
