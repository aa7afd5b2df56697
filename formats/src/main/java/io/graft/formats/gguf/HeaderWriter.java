package io.graft.formats.gguf;

import io.graft.engine.memory.Shape;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** Builds the header of a file: metadata entries, then the table of tensors, whose data follow one another in its order. */
final class HeaderWriter {

    static final int ALIGNMENT = 32;

    private final SequencedMap<String, GgufValue> metadata = new LinkedHashMap<>();
    private final List<GgufFile.Entry> tensors = new ArrayList<>();
    private long dataBytes;

    /** The metadata so far, as a reader of the file will see it. */
    SequencedMap<String, GgufValue> metadata() { return metadata; }

    void put(String key, String value) { metadata.put(key, new GgufValue.Text(value)); }

    void put(String key, boolean value) { metadata.put(key, new GgufValue.Bool(value)); }

    /** A UINT32, which is what readers expect of sizes and ids. */
    void put(String key, long value) {
        if (value < 0 || value > 0xFFFFFFFFL) throw new ArithmeticException(key + " " + value + " is over 32 bits");
        metadata.put(key, new GgufValue.Int(GgufValue.Type.UINT32, value));
    }

    /** A FLOAT32, which is what readers expect. */
    void put(String key, double value) { metadata.put(key, new GgufValue.Real(GgufValue.Type.FLOAT32, (float) value)); }

    void put(String key, List<String> values) { metadata.put(key, new GgufValue.Texts(values)); }

    /** An array of INT32. */
    void put(String key, int[] values) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(4 * values.length);
        for (int value : values) little(bytes, value, 4);
        metadata.put(key, new GgufValue.Numbers(GgufValue.Type.INT32, values.length, bytes.toByteArray()));
    }

    /** Adds a tensor; its offset counts from where data begin. */
    GgufFile.Entry add(String name, GgufType type, Shape shape) {
        long bytes = shape.elements() / type.elements() * type.bytes();
        GgufFile.Entry entry = new GgufFile.Entry(name, type, shape, dataBytes, bytes);
        tensors.add(entry);
        dataBytes = align(dataBytes + bytes);
        return entry;
    }

    /** Bytes of all data, the last tensor's padding included. */
    long dataBytes() { return dataBytes; }

    /** The header, padded to where data begin. */
    byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        little(out, 0x46554747, 4);
        little(out, 3, 4);
        little(out, tensors.size(), 8);
        little(out, metadata.size(), 8);
        metadata.forEach((key, value) -> {
            text(out, key);
            little(out, value.type().ordinal(), 4);
            value(out, value);
        });
        for (GgufFile.Entry tensor : tensors) {
            text(out, tensor.name());
            little(out, tensor.shape().rank(), 4);
            for (int i = tensor.shape().rank() - 1; i >= 0; i--) little(out, tensor.shape().size(i), 8);
            little(out, tensor.type().number(), 4);
            little(out, tensor.offset(), 8);
        }
        while (out.size() % ALIGNMENT != 0) out.write(0);
        return out.toByteArray();
    }

    private static long align(long bytes) { return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT; }

    private static void value(ByteArrayOutputStream out, GgufValue value) {
        switch (value) {
            case GgufValue.Int number -> little(out, number.value(), number.type().leastBytes());
            case GgufValue.Real real when real.type() == GgufValue.Type.FLOAT32 -> little(out, Float.floatToRawIntBits((float) real.value()), 4);
            case GgufValue.Real real -> little(out, Double.doubleToRawLongBits(real.value()), 8);
            case GgufValue.Bool flag -> out.write(flag.value() ? 1 : 0);
            case GgufValue.Text text -> text(out, text.value());
            case GgufValue.Texts texts -> {
                little(out, GgufValue.Type.STRING.ordinal(), 4);
                little(out, texts.values().size(), 8);
                for (String text : texts.values()) text(out, text);
            }
            case GgufValue.Numbers numbers -> {
                little(out, numbers.of().ordinal(), 4);
                little(out, numbers.count(), 8);
                out.writeBytes(numbers.bytes());
            }
            case GgufValue.Arrays _ -> throw new IllegalArgumentException("arrays of arrays are not written");
        }
    }

    private static void text(ByteArrayOutputStream out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        little(out, bytes.length, 8);
        out.writeBytes(bytes);
    }

    private static void little(ByteArrayOutputStream out, long value, int bytes) {
        for (int i = 0; i < bytes; i++) out.write((int) (value >>> 8 * i));
    }
}
