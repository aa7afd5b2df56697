package io.graft.formats.safetensors;

import io.graft.engine.RunException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * A tensor of a safetensors file, read in pieces by positional reads and not through the mapping: a file that another process
 * cuts short then gives a short read, on every machine and in every compiled form, and never a fault.
 */
final class StoredTensor implements SourceTensor {

    /** Elements read at a time: 128 KB of halves and 256 KB of F32 stay in a core's second-level cache. */
    private static final int CHUNK = 1 << 16;

    private final Path file;
    private final FileChannel channel;
    private final long fileBytes;
    private final SafetensorsFile.Entry entry;

    StoredTensor(Path file, FileChannel channel, long fileBytes, SafetensorsFile.Entry entry) {
        this.file = file;
        this.channel = channel;
        this.fileBytes = fileBytes;
        this.entry = entry;
    }

    @Override
    public String name() { return entry.name(); }

    @Override
    public DType dtype() { return entry.dtype(); }

    @Override
    public Shape shape() { return entry.shape(); }

    @Override
    public Optional<StoredRange> stored() { return Optional.of(new StoredRange(file, entry.offset(), entry.bytes())); }

    @Override
    public void readF32(long first, long count, MemorySegment to) {
        DType dtype = entry.dtype();
        if (!dtype.isComputable()) throw new IllegalStateException(file + ": " + entry.name() + ": " + dtype + " is copied, never computed with");
        Objects.checkFromIndexSize(first, count, entry.shape().elements());
        int width = dtype.bits() / 8;
        for (long done = 0; done < count; done += CHUNK) {
            int now = (int) Math.min(CHUNK, count - done);
            MemorySegment chunk = to.asSlice(4 * done, 4L * now);
            // The stored bytes go into the end of the place that their F32 form will fill.
            read(entry.offset() + (first + done) * width, chunk.asSlice((4L - width) * now));
            if (width < 4) Widening.widenInPlace(dtype, chunk, now);
        }
    }

    private void read(long position, MemorySegment to) {
        ByteBuffer buffer = to.asByteBuffer();
        try {
            while (buffer.hasRemaining()) {
                int read = channel.read(buffer, position + buffer.position());
                if (read < 0) throw truncated();
            }
        } catch (ClosedChannelException closed) {
            throw new IllegalStateException(file + " is closed; open it again, or close it after its last use", closed);
        } catch (IOException error) {
            throw new RunException(where(), "cannot be read: " + error.getMessage(), error);
        }
    }

    private RunException truncated() {
        String now;
        try {
            now = channel.size() + " bytes now";
        } catch (IOException gone) {
            now = "no readable file now";
        }
        return new RunException(where(), "the file was cut short while it was being read", fileBytes + " bytes as when it was opened", now,
                "do not write to a model's files while Graft reads them", null);
    }

    private String where() { return file + ": " + entry.name(); }
}
