package io.graft.merge.train;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The folder {@code OUTPUT.train} beside the output: checkpoints, metrics and curves; held by one run at a time. */
final class WorkFolder implements AutoCloseable {

    private final Path path;
    private final FileChannel lock;

    private WorkFolder(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /** Where it is for an output. */
    static Path of(Path output) {
        Path absolute = output.toAbsolutePath().normalize();
        if (absolute.getFileName() == null) throw new RequestException(output.toString(), "the output cannot be the root of the file system");
        return output.resolveSibling(absolute.getFileName() + ".train");
    }

    static WorkFolder open(Path output) {
        Path path = of(output);
        FileChannel lock = null;
        try {
            Files.createDirectories(path);
            lock = FileChannel.open(path.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (lock.tryLock() != null) return new WorkFolder(path, lock);
            lock.close();
        } catch (OverlappingFileLockException ours) {
            close(lock, path);
        } catch (IOException error) {
            throw new RunException(path.toString(), "cannot be written: " + error.getMessage(), error);
        }
        throw new RequestException(path.toString(), "another run trains into " + output + " right now");
    }

    Path metrics() { return path.resolve("metrics.jsonl"); }

    Path path() { return path; }

    @Override
    public void close() { close(lock, path); }

    private static void close(FileChannel lock, Path path) {
        try {
            lock.close();
        } catch (IOException error) {
            throw new RunException(path.toString(), "cannot be closed: " + error.getMessage(), error);
        }
    }
}
