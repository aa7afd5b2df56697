package io.graft.merge.run;

import io.graft.engine.RunException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The files that a run reads, each opened once. Bytes are read into memory of ours, never touched through a mapping: a file
 * that another process truncates is an error with a name. Safe for many threads.
 */
final class InputFiles implements AutoCloseable {

    private final ConcurrentHashMap<Path, FileChannel> open = new ConcurrentHashMap<>();

    /**
     * Reads exactly these bytes.
     *
     * @param file   the file
     * @param offset of the first, in bytes
     * @param to     receives them, and says how many
     * @param tensor whose they are, for errors
     */
    void read(Path file, long offset, MemorySegment to, String tensor) {
        ByteBuffer buffer = to.asByteBuffer();
        try {
            FileChannel channel = channel(file);
            while (buffer.hasRemaining()) {
                if (channel.read(buffer, offset + buffer.position()) < 0) throw ended(file, tensor, offset + to.byteSize());
            }
        } catch (IOException error) {
            throw unreadable(file, tensor, error);
        }
    }

    /**
     * Has the kernel copy bytes to where another file's position stands.
     *
     * @param file   the file
     * @param offset of the first, in bytes
     * @param bytes  how many
     * @param to     the other file
     * @param target what errors of writing call it
     * @param tensor whose they are, for errors
     */
    void copy(Path file, long offset, long bytes, FileChannel to, Path target, String tensor) {
        try {
            FileChannel channel = channel(file);
            for (long done = 0; done < bytes; ) {
                long now = channel.transferTo(offset + done, bytes - done, to);
                // Past the end of a file that has become shorter, transferTo does nothing, however often it is asked.
                if (now <= 0) throw ended(file, tensor, offset + bytes);
                done += now;
            }
        } catch (IOException error) {
            throw OutputFile.unwritable(target, error);
        }
    }

    private FileChannel channel(Path file) throws IOException {
        FileChannel known = open.get(file);
        if (known != null) return known;
        synchronized (open) {
            known = open.get(file);
            if (known == null) open.put(file, known = FileChannel.open(file, StandardOpenOption.READ));
            return known;
        }
    }

    private static RunException ended(Path file, String tensor, long expected) {
        String found;
        try {
            found = Files.size(file) + " bytes";
        } catch (IOException gone) {
            found = "no readable file";
        }
        return new RunException(file + ": " + tensor, "the file ends before the tensor does", "at least " + expected + " bytes", found,
                "it was truncated after it had been opened: do not write to a model's files while Graft reads them", null);
    }

    private static RunException unreadable(Path file, String tensor, IOException error) {
        String what = error instanceof NoSuchFileException ? "the file is gone" : "cannot be read: " + error.getMessage();
        return new RunException(file + ": " + tensor, what, error);
    }

    @Override
    public void close() {
        for (FileChannel channel : open.values()) {
            try {
                channel.close();
            } catch (IOException ignored) {
                // Nothing was written through it.
            }
        }
    }
}
