package io.graft.formats.safetensors;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.safetensors.SafetensorsException.Kind;
import java.util.Arrays;
import java.util.Map;

/**
 * What a header says, in arrays of numbers: about 60 bytes of heap a tensor, so that the largest legal header (2 million
 * tensors) fits a small heap. Names and shapes stay in the file, where the numbers point.
 */
final class Header {

    private static final DType[] DTYPES = DType.values();

    final HeaderBytes bytes;
    final NameTable names;
    int metadataAt = -1;
    private byte[] dtypes = new byte[16];
    private int[] shapes = new int[16];
    private long[] begins = new long[16], ends = new long[16];
    private int count;

    Header(HeaderBytes bytes) {
        this.bytes = bytes;
        this.names = new NameTable(bytes);
    }

    void add(int dtype, int shape, long begin, long end) {
        if (count == dtypes.length) {
            dtypes = Arrays.copyOf(dtypes, 2 * count);
            shapes = Arrays.copyOf(shapes, 2 * count);
            begins = Arrays.copyOf(begins, 2 * count);
            ends = Arrays.copyOf(ends, 2 * count);
        }
        dtypes[count] = (byte) dtype;
        shapes[count] = shape;
        begins[count] = begin;
        ends[count++] = end;
    }

    /**
     * Checks the tensors against each other and against the file, in the reference's order.
     *
     * @param dataBytes the size of the file without its header
     */
    void validate(long dataBytes) {
        int[] order = order();
        long next = 0;
        for (int k = 0; k < count; k++) {
            int i = order == null ? k : order[k];
            long begin = begins[i], end = ends[i];
            if (begin != next || Long.compareUnsigned(end, begin) < 0)
                throw error(Kind.InvalidOffset, i, "the tensors do not cover the data from its start without hole or overlap", "data_offsets from " + Long.toUnsignedString(next) + " on",
                        "[" + Long.toUnsignedString(begin) + ", " + Long.toUnsignedString(end) + "]");
            long size = size(i);
            if (end - begin != size)
                throw error(Kind.TensorInvalidInfo, i, "shape and dtype do not fit data_offsets", size + " bytes for " + dtype(i) + " " + Arrays.toString(sizes(i)),
                        Long.toUnsignedString(end - begin) + " bytes");
            next = end;
        }
        if (next != dataBytes)
            throw new SafetensorsException(Kind.MetadataIncompleteBuffer, bytes.file, Long.compareUnsigned(dataBytes, next) < 0 ? "the file is cut short" : "the file goes on after its last tensor",
                    Long.toUnsignedString(next) + " bytes of data", dataBytes);
    }

    /** The bytes that shape and dtype need: the product of the sizes in their order, then the bits, each within 64 bits. */
    private long size(int i) {
        long elements = 1;
        for (long size : sizes(i)) {
            if (size < 0 || Math.unsignedMultiplyHigh(elements, size) != 0) throw overflow(i);
            elements *= size;
        }
        int width = dtype(i).bits();
        if (Math.unsignedMultiplyHigh(elements, width) != 0) throw overflow(i);
        long bits = elements * width;
        if ((bits & 7) != 0)
            throw error(Kind.MisalignedSlice, i, "elements of " + width + " bits are no whole number of bytes", "a multiple of 8 bits", Long.toUnsignedString(bits) + " bits");
        return bits >>> 3;
    }

    private SafetensorsException overflow(int i) {
        StringBuilder sizes = new StringBuilder();
        for (long size : sizes(i)) sizes.append(sizes.isEmpty() ? "[" : ", ").append(Long.toUnsignedString(size));
        return error(Kind.ValidationOverflow, i, "the tensor is larger than any memory", "at most 2^64 bits", dtype(i) + " " + sizes + "]");
    }

    private SafetensorsException error(Kind kind, int i, String what, Object expected, Object found) {
        return new SafetensorsException(kind, bytes.file + ": " + bytes.shown(names.start(i)), what, expected, found);
    }

    /** The tensors by (begin, end), unsigned; null where they stand in that order, as in all files that libraries write. */
    private int[] order() {
        boolean sorted = true;
        for (int i = 1; sorted && i < count; i++) sorted = !after(i - 1, i);
        if (sorted) return null;
        int[] order = new int[count], spare = new int[count];
        for (int i = 0; i < count; i++) order[i] = i;
        for (int width = 1; width > 0 && width < count; width *= 2) {
            for (int from = 0; from < count; from += 2 * width) merge(order, spare, from, Math.min(from + width, count), (int) Math.min(from + 2L * width, count));
            int[] swap = order;
            order = spare;
            spare = swap;
        }
        return order;
    }

    private void merge(int[] from, int[] to, int left, int middle, int right) {
        int a = left, b = middle;
        for (int k = left; k < right; k++) to[k] = b >= right || a < middle && !after(from[a], from[b]) ? from[a++] : from[b++];
    }

    private boolean after(int a, int b) {
        int compared = Long.compareUnsigned(begins[a], begins[b]);
        return compared != 0 ? compared > 0 : Long.compareUnsigned(ends[a], ends[b]) > 0;
    }

    int count() { return count; }

    int find(String name) { return names.find(name); }

    String name(int i) { return bytes.string(names.start(i)); }

    DType dtype(int i) { return DTYPES[dtypes[i]]; }

    Shape shape(int i) { return Shape.of(sizes(i)); }

    private long[] sizes(int i) { return HeaderParser.shape(bytes, shapes[i]); }

    long begin(int i) { return begins[i]; }

    long length(int i) { return ends[i] - begins[i]; }

    Map<String, String> metadata() { return metadataAt < 0 ? Map.of() : HeaderParser.metadata(bytes, metadataAt); }
}
