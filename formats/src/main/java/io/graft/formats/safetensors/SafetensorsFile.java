package io.graft.formats.safetensors;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.safetensors.SafetensorsException.Kind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Supplier;

/**
 * A safetensors file, mapped whole: its tensors are views of the mapping, of any size, and nothing is copied.
 *
 * <p>Opening reads and checks the header, by every rule of the reference implementation (safetensors 0.8.0) in its order, and
 * refuses what that tolerates: a key that stands twice, a field that the format does not know. Header bytes are read where
 * they are mapped; a file with the longest legal header opens in a heap of 256 MB. Safe for use by many threads.
 */
public final class SafetensorsFile implements AutoCloseable {

    /** The longest header that the reference reads or writes. */
    static final long MAX_HEADER = 100_000_000;

    /**
     * One tensor's place.
     *
     * @param name   its name
     * @param dtype  its element type
     * @param shape  its sizes
     * @param offset of its first byte in the file; of any alignment
     * @param bytes  its size
     */
    public record Entry(String name, DType dtype, Shape shape, long offset, long bytes) {}

    private final Path path;
    private final FileChannel channel;
    private final Owner mapping;
    private final Header header;
    private final long dataAt;

    private SafetensorsFile(Path path, FileChannel channel, Owner mapping, Header header, long dataAt) {
        this.path = path;
        this.channel = channel;
        this.mapping = mapping;
        this.header = header;
        this.dataAt = dataAt;
    }

    /**
     * Opens a file and checks its header.
     *
     * @param path the file
     * @return the file; close it
     * @throws SafetensorsException if it is no valid safetensors
     * @throws RequestException     if there is no such file
     * @throws RunException         if it cannot be read
     */
    public static SafetensorsFile open(Path path) {
        if (Files.isDirectory(path)) throw new RequestException(path.toString(), "not a safetensors file", "a file", "a folder");
        FileChannel channel = null;
        Owner mapping = null;
        try {
            channel = FileChannel.open(path, StandardOpenOption.READ);
            mapping = Owner.map(path, channel, 0, channel.size());
            return parse(path, channel, mapping);
        } catch (IOException error) {
            close(channel, mapping);
            if (error instanceof NoSuchFileException) throw new RequestException(path.toString(), "no such file");
            throw new RunException(path.toString(), "cannot be read: " + error.getMessage(), error);
        } catch (RuntimeException | Error error) {
            close(channel, mapping);
            throw error;
        }
    }

    private static SafetensorsFile parse(Path path, FileChannel channel, Owner mapping) {
        try {
            Header header = header(path.toString(), mapping.segment());
            return new SafetensorsFile(path, channel, mapping, header, 8 + header.bytes.length());
        } catch (InternalError fault) {
            throw mapping.truncated(fault);
        }
    }

    /** Reads and checks the header of a whole file. */
    static Header header(String path, MemorySegment file) {
        long size = file.byteSize();
        if (size < 8) throw new SafetensorsException(Kind.HeaderTooSmall, path, "no safetensors file", "at least 8 bytes", size);
        long length = file.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
        if (Long.compareUnsigned(length, MAX_HEADER) > 0)
            throw new SafetensorsException(Kind.HeaderTooLarge, path, "the header is too long", "at most " + MAX_HEADER + " bytes", Long.toUnsignedString(length));
        if (length > size - 8)
            throw new SafetensorsException(Kind.InvalidHeaderLength, path, "the header reaches past the end of the file", "at most " + (size - 8) + " bytes", length);
        Header header = HeaderParser.parse(new HeaderBytes(path, file.asSlice(8, length)));
        header.validate(size - 8 - length);
        return header;
    }

    private static void close(FileChannel channel, Owner mapping) {
        try {
            if (channel != null) channel.close();
        } catch (IOException ignored) {
            // it was open for reading: nothing is lost
        }
        if (mapping != null) mapping.close();
    }

    /** {@return where it is} */
    public Path path() { return path; }

    /** {@return the size of the file} */
    public long bytes() { return mapping.bytes(); }

    /**
     * Its tensors, in the order of the header. The map reads the file at every call, and keeps nothing: hold on to an entry rather
     * than asking for it again.
     *
     * @return name to place; unmodifiable
     */
    public SequencedMap<String, Entry> tensors() { return new EntryMap(this, false); }

    /** {@return the file's metadata, empty where it has none; read at every call} */
    public Map<String, String> metadata() { return guarded(header::metadata); }

    /**
     * A tensor's bytes as they lie in the file, read-only, without a copy. Reading a file that another process cuts short is an
     * {@link InternalError}: see {@link Owner#truncated}.
     *
     * @param name the tensor's name
     * @return a view, usable until this file is closed
     * @throws RequestException if there is none of that name
     */
    public Tensor tensor(String name) {
        Entry entry = entry(name);
        return Tensor.view(name, entry.dtype(), entry.shape(), mapping, entry.offset());
    }

    /**
     * A tensor to be read in pieces, safe against truncation by another process.
     *
     * @param name the tensor's name
     * @return the tensor, usable until this file is closed
     * @throws RequestException if there is none of that name
     */
    public SourceTensor source(String name) { return source(entry(name)); }

    SourceTensor source(Entry entry) { return new StoredTensor(path, channel, mapping.bytes(), entry); }

    private Entry entry(String name) {
        int index = find(name);
        if (index < 0) throw new RequestException(path.toString(), "the file has no tensor " + name);
        return entry(index);
    }

    int count() { return header.count(); }

    int find(String name) { return guarded(() -> header.find(name)); }

    Entry entry(int index) {
        return guarded(() -> new Entry(header.name(index), header.dtype(index), header.shape(index), dataAt + header.begin(index), header.length(index)));
    }

    /** Whatever reads the header after opening: the file may have been cut short since. */
    private <T> T guarded(Supplier<T> read) {
        try {
            return read.get();
        } catch (InternalError fault) {
            throw mapping.truncated(fault);
        }
    }

    /** Unmaps the file. Its tensors must not be used afterwards: doing so is an exception. */
    @Override
    public void close() { close(channel, mapping); }
}
