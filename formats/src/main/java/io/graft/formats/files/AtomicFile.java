package io.graft.formats.files;

import io.graft.engine.RunException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A file that is replaced whole: written under a hidden name beside it, synced, renamed. */
public final class AtomicFile {

    /** Writes the new content. */
    @FunctionalInterface
    public interface Content {

        /**
         * Writes all of it.
         *
         * @param channel an empty file, open for writing
         * @throws IOException if it cannot be written; the old file then stays
         */
        void write(FileChannel channel) throws IOException;
    }

    private AtomicFile() {}

    /**
     * Writes bytes.
     *
     * @param file  the file; a link is followed, missing folders above it are made
     * @param bytes its content
     * @throws RunException if it cannot be written; what stood there before still does
     */
    public static void write(Path file, byte[] bytes) {
        write(file, channel -> {
            ByteBuffer left = ByteBuffer.wrap(bytes);
            while (left.hasRemaining()) channel.write(left);
        });
    }

    /**
     * Writes what a function writes.
     *
     * @param file    the file; a link is followed, missing folders above it are made
     * @param content writes the content
     * @throws RunException if it cannot be written; what stood there before still does
     */
    public static void write(Path file, Content content) {
        try {
            Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
            Files.createDirectories(target.getParent());
            for (Temporary dead : Temporary.stale(target)) {
                try (dead) {
                    Temporary.delete(dead.path());
                }
            }
            try (Temporary temporary = Temporary.beside(target)) {
                try {
                    try (FileChannel channel = FileChannel.open(temporary.path(), StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                        content.write(channel);
                        channel.force(true);
                    }
                    Files.move(temporary.path(), target, StandardCopyOption.ATOMIC_MOVE);
                } finally {
                    Files.deleteIfExists(temporary.path());
                }
            }
            Temporary.sync(target.getParent());
        } catch (IOException error) {
            throw new RunException(file.toString(), "cannot be written: " + OutputFolder.reason(error), error);
        }
    }
}
