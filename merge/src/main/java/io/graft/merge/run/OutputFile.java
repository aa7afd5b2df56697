package io.graft.merge.run;

import io.graft.engine.RunException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * One safetensors file of the output, written at exact positions by many threads. It has its full size from the start, so
 * that a limit of file size shows before anything is computed.
 */
final class OutputFile implements AutoCloseable {

    private final Path path;
    private final FileChannel channel;

    OutputFile(Path path, byte[] header, long bytes) {
        this.path = path;
        FileChannel opened = null;
        try {
            opened = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            ByteBuffer start = ByteBuffer.wrap(header);
            while (start.hasRemaining()) opened.write(start, start.position());
            if (bytes > header.length) opened.write(ByteBuffer.wrap(new byte[1]), bytes - 1);
        } catch (IOException error) {
            closeQuietly(opened);
            throw unwritable(path, error);
        }
        this.channel = opened;
    }

    Path path() { return path; }

    /** Writes all of these bytes. */
    void write(MemorySegment bytes, long position) {
        ByteBuffer buffer = bytes.asByteBuffer();
        try {
            while (buffer.hasRemaining()) channel.write(buffer, position + buffer.position());
        } catch (IOException error) {
            throw unwritable(path, error);
        }
    }

    /** {@return the same file under a position of its own, for the kernel to copy to; the caller closes it} */
    FileChannel cursor() {
        try {
            return FileChannel.open(path, StandardOpenOption.WRITE);
        } catch (IOException error) {
            throw unwritable(path, error);
        }
    }

    static RunException unwritable(Path path, IOException error) {
        String reason = error instanceof FileSystemException system && system.getReason() != null ? system.getReason() : error.getMessage();
        String hint = reason != null && reason.contains("No space left") ? "free space there, or write to another disk"
                : reason != null && reason.contains("File too large") ? "raise the limit of file size (ulimit -f), or lower --out-shard-size" : null;
        return new RunException(path.toString(), "cannot be written: " + reason, null, null, hint, error);
    }

    static void closeQuietly(FileChannel channel) {
        try {
            if (channel != null) channel.close();
        } catch (IOException ignored) {
            // Data is brought to the disk, and errors of that are met, when the folder is committed.
        }
    }

    @Override
    public void close() { closeQuietly(channel); }
}
