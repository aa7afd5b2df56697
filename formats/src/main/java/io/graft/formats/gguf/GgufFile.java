package io.graft.formats.gguf;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.engine.memory.Shape;
import io.graft.formats.gguf.GgufException.Kind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Objects;
import java.util.SequencedMap;

/**
 * A GGUF file: its metadata, its table of tensors, and their values as singles.
 *
 * <p>Opening reads the header only and checks all of it; a file that breaks a rule is a {@link GgufException}. Values are
 * read by position, never mapped, so that a file cut short by another process is an error and not a fault. Safe for use by
 * many threads.
 */
public final class GgufFile implements AutoCloseable {

    /** Bytes read at a time: whole blocks of every type fit many times. */
    private static final int STAGE = 1 << 16;
    private static final long DEFAULT_ALIGNMENT = 32;
    private static final int MOST_DIMENSIONS = 4;
    /** "GGUF". */
    private static final long MAGIC = 0x46554747L;

    /**
     * A line of the table of tensors.
     *
     * @param name   its name in the file
     * @param type   how its values are stored
     * @param shape  its sizes, outermost first: those of the file reversed
     * @param offset of its first byte in the file
     * @param bytes  how many it takes
     */
    public record Entry(String name, GgufType type, Shape shape, long offset, long bytes) {}

    private final Path path;
    private final FileChannel channel;
    private final GgufMetadata metadata;
    private final SequencedMap<String, Entry> tensors = new LinkedHashMap<>();

    private GgufFile(Path path, FileChannel channel) throws IOException {
        this.path = path;
        this.channel = channel;
        long size = channel.size();
        HeaderReader in = new HeaderReader(path, channel, size);
        long magic = in.u32("magic");
        if (magic != MAGIC) throw in.error(Kind.BAD_MAGIC, "no GGUF file", "GGUF in its first four bytes", String.format("0x%08x", magic));
        long version = in.u32("version");
        if (version != 3 && version != 2)
            throw in.error(Kind.BAD_VERSION, "a version of GGUF that Graft does not read", "2 or 3",
                    Integer.reverseBytes((int) version) == 3 ? "3 in big-endian byte order" : version);
        long tensorCount = in.i64("number of tensors"), keyCount = in.i64("number of metadata entries");
        in.check("number of tensors", tensorCount, 8 + 4 + 4 + 8);
        in.check("number of metadata entries", keyCount, 8 + 4 + 1);
        SequencedMap<String, GgufValue> values = new LinkedHashMap<>();
        for (long i = 0; i < keyCount; i++) {
            String key = in.text("metadata key");
            if (key.isEmpty()) throw in.error(Kind.MALFORMED, "metadata key " + i, "a name", "nothing");
            if (values.putIfAbsent(key, in.value(key)) != null) throw in.error(Kind.DUPLICATE_KEY, "metadata key " + key, "once", "twice");
        }
        metadata = new GgufMetadata(path.toString(), values);
        long alignment = metadata.has("general.alignment") && !(metadata.get("general.alignment") instanceof GgufValue.Int)
                ? -1 : metadata.integer("general.alignment", DEFAULT_ALIGNMENT);
        if (alignment < 1 || Long.bitCount(alignment) != 1 || alignment > 1 << 20)
            throw in.error(Kind.MALFORMED, "general.alignment", "a power of two", metadata.get("general.alignment"));
        for (long i = 0; i < tensorCount; i++) {
            Entry entry = entry(in);
            if (tensors.putIfAbsent(entry.name, entry) != null) throw in.error(Kind.DUPLICATE_KEY, "tensor " + entry.name, "once", "twice");
        }
        long data = Math.ceilDiv(in.position(), alignment) * alignment;
        tensors.replaceAll((_, entry) -> place(in, entry, data, alignment, size));
    }

    /**
     * Opens a file and checks its header.
     *
     * @param path the file
     * @return the open file; close it
     * @throws GgufException    if it breaks a rule of the format, or uses what Graft does not read
     * @throws RequestException if there is no such file
     * @throws RunException     if it cannot be read
     */
    public static GgufFile open(Path path) {
        FileChannel channel = null;
        GgufFile file = null;
        try {
            channel = FileChannel.open(path);
            return file = new GgufFile(path, channel);
        } catch (NoSuchFileException missing) {
            throw new RequestException(path.toString(), "no such file");
        } catch (IOException error) {
            throw new RunException(path.toString(), "cannot be read: " + error.getMessage(), error);
        } finally {
            if (file == null) closeQuietly(channel);
        }
    }

    /** One line of the table, its offset still relative to the data. */
    private static Entry entry(HeaderReader in) throws IOException {
        String name = in.text("tensor name");
        if (name.isEmpty()) throw in.error(Kind.MALFORMED, "tensor name", "a name", "nothing");
        long rank = in.u32("dimensions of tensor " + name);
        if (rank > MOST_DIMENSIONS) throw in.error(Kind.MALFORMED, "dimensions of tensor " + name, "at most " + MOST_DIMENSIONS, rank);
        long[] sizes = new long[(int) rank];
        for (int i = sizes.length - 1; i >= 0; i--) sizes[i] = in.i64("dimensions of tensor " + name);
        long number = in.u32("type of tensor " + name);
        long offset = in.i64("offset of tensor " + name);
        GgufType type = GgufType.ofNumber(number);
        if (type == null) throw in.error(Kind.UNKNOWN_TYPE, "type of tensor " + name, "one of " + Arrays.toString(GgufType.values()), GgufType.describe(number));
        Shape shape = shape(in, name, sizes);
        if (shape.columns() % type.elements() != 0)
            throw in.error(Kind.MALFORMED, "tensor " + name, "rows of whole " + type + " blocks of " + type.elements(), shape);
        return new Entry(name, type, shape, offset, 0);
    }

    private static Shape shape(HeaderReader in, String name, long[] sizes) {
        long product = 1;
        for (long size : sizes) {
            if (size < 0 || Math.multiplyHigh(product, size) != 0 || product * size < 0 || product * size > Long.MAX_VALUE / 8)
                throw in.error(Kind.OVERFLOW, "dimensions of tensor " + name, "a product under 2^60", unsigned(sizes));
            product *= size;
        }
        try {
            return Shape.of(sizes);
        } catch (ArithmeticException overflow) { // sizes beside a zero
            throw in.error(Kind.OVERFLOW, "dimensions of tensor " + name, "a product under 2^60", unsigned(sizes));
        }
    }

    private static String unsigned(long[] sizes) {
        return Arrays.stream(sizes).mapToObj(Long::toUnsignedString).toList().toString();
    }

    private static Entry place(HeaderReader in, Entry entry, long data, long alignment, long size) {
        long bytes = entry.shape.elements() / entry.type.elements() * entry.type.bytes();
        if ((entry.offset & (alignment - 1)) != 0)
            throw in.error(Kind.MISALIGNED, "offset of tensor " + entry.name, "a multiple of " + alignment, Long.toUnsignedString(entry.offset));
        if (entry.offset < 0 || data > size || entry.offset > size - data || bytes > size - data - entry.offset)
            throw in.error(Kind.TENSOR_OUT_OF_FILE, "data of tensor " + entry.name, bytes + " bytes at " + data + " + " + Long.toUnsignedString(entry.offset),
                    "a file of " + size + " bytes");
        return new Entry(entry.name, entry.type, entry.shape, data + entry.offset, bytes);
    }

    /** {@return the file} */
    public Path path() { return path; }

    /** {@return its metadata} */
    public GgufMetadata metadata() { return metadata; }

    /** {@return its tensors by the file's names, in its order} */
    public SequencedMap<String, Entry> tensors() { return Collections.unmodifiableSequencedMap(tensors); }

    /**
     * Reads some values of a tensor as singles, exactly as ggml decodes them.
     *
     * @param entry the tensor, one of this file's
     * @param first the first element, row-major; need not begin a block
     * @param count how many
     * @param to    receives them as little-endian F32, count * 4 bytes from its start
     * @throws RunException          if the file cannot be read, or has been truncated since it was opened
     * @throws IllegalStateException if the file is closed
     */
    public void readF32(Entry entry, long first, long count, MemorySegment to) {
        Objects.checkFromIndexSize(first, count, entry.shape.elements());
        if (count == 0) return;
        GgufType type = entry.type;
        long block = first / type.elements(), end = (first + count - 1) / type.elements() + 1;
        int atOnce = (int) Math.min(STAGE / type.bytes(), end - block);
        byte[] stage = new byte[atOnce * type.bytes()];
        float[] values = new float[atOnce * type.elements()];
        Little in = Little.ofBytes(stage);
        long done = 0;
        while (block < end) {
            int blocks = (int) Math.min(atOnce, end - block);
            read(entry, block * type.bytes(), stage, blocks * type.bytes());
            for (int b = 0; b < blocks; b++) Dequantiser.block(type, in, b * type.bytes(), values, b * type.elements());
            int skip = (int) (first + done - block * type.elements());
            int part = (int) Math.min((long) blocks * type.elements() - skip, count - done);
            MemorySegment.copy(values, skip, to, JAVA_FLOAT_UNALIGNED, done * 4, part);
            done += part;
            block += blocks;
        }
    }

    private void read(Entry entry, long from, byte[] stage, int bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(stage, 0, bytes);
        long position = entry.offset + from;
        try {
            while (buffer.hasRemaining())
                if (channel.read(buffer, position + buffer.position()) < 0)
                    throw new RunException(path + ": " + entry.name, "the file changed while it was being read", bytes + " bytes at " + position,
                            channel.size() + " bytes in all", "do not write to a model's files while Graft reads them", null);
        } catch (ClosedChannelException closed) {
            throw new IllegalStateException(path + " is closed; open it again, or close it after its last use", closed);
        } catch (IOException error) {
            throw new RunException(path + ": " + entry.name, "cannot be read: " + error.getMessage(), error);
        }
    }

    /** Closes the file. Closing twice does nothing. */
    @Override
    public void close() { closeQuietly(channel); }

    private static void closeQuietly(FileChannel channel) {
        try {
            if (channel != null) channel.close();
        } catch (IOException nothingWasWritten) {
            // A file that was only read loses nothing by a failed close.
        }
    }
}
