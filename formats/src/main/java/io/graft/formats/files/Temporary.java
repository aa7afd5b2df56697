package io.graft.formats.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A hidden name beside a target, and a locked file that shows that its run is alive: the system frees the lock of a run that
 * was killed, however it was. For a target {@code OUT} the names are {@code .OUT.graft-ID} and that with {@code .lock}.
 */
final class Temporary implements AutoCloseable {

    private static final String MARK = ".graft-", LOCK = ".lock";

    private final Path path;
    private final Path lockPath;
    private final FileChannel lock;

    private Temporary(Path path, Path lockPath, FileChannel lock) {
        this.path = path;
        this.lockPath = lockPath;
        this.lock = lock;
    }

    /** A new name beside the target, locked. Nothing stands there yet. */
    static Temporary beside(Path target) throws IOException {
        while (true) {
            Path path = target.resolveSibling("." + target.getFileName() + MARK + Long.toString(ThreadLocalRandom.current().nextLong() >>> 1, 36));
            Path lockPath = path.resolveSibling(path.getFileName() + LOCK);
            FileChannel lock = FileChannel.open(lockPath, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            // Another run that cleans up may have taken the file between its making and its locking: then try another.
            if (lock.tryLock() != null && Files.exists(lockPath)) return new Temporary(path, lockPath, lock);
            lock.close();
        }
    }

    Path path() { return path; }

    /** Frees the name. What stands there is the caller's. */
    @Override
    public void close() throws IOException {
        Files.deleteIfExists(lockPath);
        lock.close();
    }

    /** What runs on this target that are dead have left: the names of {@link #path}, each handed over locked. */
    static List<Temporary> stale(Path target) throws IOException {
        List<Temporary> stale = new ArrayList<>();
        String prefix = "." + target.getFileName() + MARK;
        try (DirectoryStream<Path> siblings = Files.newDirectoryStream(target.getParent(), each -> name(each).startsWith(prefix) && name(each).endsWith(LOCK))) {
            for (Path each : siblings) {
                FileChannel channel;
                try {
                    channel = FileChannel.open(each, StandardOpenOption.WRITE);
                } catch (NoSuchFileException ended) {
                    continue;
                }
                if (isFree(channel) && Files.exists(each)) stale.add(new Temporary(each.resolveSibling(name(each).substring(0, name(each).length() - LOCK.length())), each, channel));
                else channel.close();
            }
        } catch (UncheckedIOException error) {
            throw error.getCause();
        }
        return stale;
    }

    private static String name(Path path) { return path.getFileName().toString(); }

    private static boolean isFree(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException ours) {
            return false;
        }
    }

    /** Deletes a file, or a folder and all in it; links are deleted, not followed. Nothing there is no error. */
    static void delete(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) return;
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException error) throws IOException {
                if (error != null) throw error;
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Makes what is written to a file, or the names in a folder, survive a power cut. */
    static void sync(Path path) throws IOException {
        try (FileChannel open = FileChannel.open(path, StandardOpenOption.READ)) {
            open.force(true);
        }
    }
}
