package io.graft.formats.safetensors;

import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where every byte of a safetensors file goes, known before any is written: the reference's own layout (metadata first, tensors
 * by dtype, later and so wider ones first, then by name; no white space, padded with spaces to 8), byte for byte, so that each
 * tensor begins at a multiple of its element's size and may be written in any order. Immutable.
 */
public final class SafetensorsLayout {

    /**
     * A tensor to be written.
     *
     * @param name  its name
     * @param dtype its element type
     * @param shape its sizes
     */
    public record Spec(String name, DType dtype, Shape shape) {

        /** {@return its size in the file} */
        public long bytes() { return dtype.bytes(shape.elements()); }
    }

    private final byte[] header;
    private final List<Spec> tensors;
    private final Map<String, Long> positions = new HashMap<>();
    private final long fileBytes;

    private SafetensorsLayout(List<Spec> sorted, Map<String, String> metadata) {
        this.tensors = sorted;
        ByteArrayOutputStream json = new ByteArrayOutputStream(256 + 128 * sorted.size());
        json.write('{');
        if (metadata != null) {
            text(json, "\"__metadata__\":{");
            String comma = "";
            // The reference's own order of metadata is that of a hash table, which no two runs agree on.
            for (var entry : new TreeMap<>(metadata).entrySet()) {
                text(json, comma);
                string(json, entry.getKey());
                json.write(':');
                string(json, entry.getValue());
                comma = ",";
            }
            json.write('}');
        }
        long offset = 0;
        for (Spec spec : sorted) {
            if (json.size() > 1) json.write(',');
            string(json, spec.name());
            text(json, ":{\"dtype\":\"" + spec.dtype() + "\",\"shape\":" + spec.shape().toString().replace(" ", "") + ",\"data_offsets\":[" + offset + ",");
            if (positions.put(spec.name(), offset) != null) throw new IllegalArgumentException("two tensors named " + spec.name());
            offset = Math.addExact(offset, spec.bytes());
            text(json, offset + "]}");
        }
        json.write('}');
        while (json.size() % 8 != 0) json.write(' ');
        if (json.size() > SafetensorsFile.MAX_HEADER)
            throw new RequestException(null, "too many tensors for one safetensors file", "a header of at most " + SafetensorsFile.MAX_HEADER + " bytes", json.size(),
                    "write smaller shards");
        this.header = ByteBuffer.allocate(8 + json.size()).order(ByteOrder.LITTLE_ENDIAN).putLong(json.size()).put(json.toByteArray()).array();
        positions.replaceAll((name, at) -> at + header.length);
        this.fileBytes = Math.addExact(header.length, offset);
    }

    /**
     * Lays a file out.
     *
     * @param tensors  the tensors, in any order
     * @param metadata the file's metadata, written in the order of its keys; null for none
     * @return the layout
     * @throws RequestException         if the header would be longer than any reader takes
     * @throws IllegalArgumentException if two tensors have one name
     */
    public static SafetensorsLayout of(Collection<Spec> tensors, Map<String, String> metadata) {
        List<Spec> sorted = new ArrayList<>(tensors);
        sorted.sort(Comparator.comparing(Spec::dtype).reversed().thenComparing(Spec::name, SafetensorsLayout::byBytes));
        return new SafetensorsLayout(List.copyOf(sorted), metadata);
    }

    /** The order of the UTF-8 forms, which is that of code points. */
    static int byBytes(String a, String b) {
        for (int i = 0; i < a.length() && i < b.length(); ) {
            int x = a.codePointAt(i), y = b.codePointAt(i);
            if (x != y) return Integer.compare(x, y);
            i += Character.charCount(x);
        }
        return Integer.compare(a.length(), b.length());
    }

    /** The escapes of the reference: the short ones where JSON has them, lower-case hexadecimal for other control characters. */
    private static void string(ByteArrayOutputStream to, String value) {
        StringBuilder escaped = new StringBuilder(value.length() + 2).append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"' -> escaped.append("\\\"");
                case '\\' -> escaped.append("\\\\");
                case '\b' -> escaped.append("\\b");
                case '\f' -> escaped.append("\\f");
                case '\n' -> escaped.append("\\n");
                case '\r' -> escaped.append("\\r");
                case '\t' -> escaped.append("\\t");
                default -> {
                    if (c < 0x20) escaped.append(String.format("\\u%04x", (int) c));
                    else escaped.append(c);
                }
            }
        }
        text(to, escaped.append('"').toString());
    }

    private static void text(ByteArrayOutputStream to, String text) { to.writeBytes(text.getBytes(StandardCharsets.UTF_8)); }

    /** {@return the first bytes of the file: the header's length and the header. A copy} */
    public byte[] header() { return header.clone(); }

    /**
     * Where a tensor begins.
     *
     * @param name its name
     * @return its offset in the file, in bytes
     * @throws IllegalArgumentException if there is none of that name
     */
    public long position(String name) {
        Long position = positions.get(name);
        if (position == null) throw new IllegalArgumentException("no tensor " + name + " in this file");
        return position;
    }

    /** {@return the size of the whole file in bytes} */
    public long fileBytes() { return fileBytes; }

    /** {@return the tensors in the order of the file} */
    public List<Spec> tensors() { return tensors; }
}
