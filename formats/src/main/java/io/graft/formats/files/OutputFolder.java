package io.graft.formats.files;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.Stream;

/**
 * A folder that appears complete or not at all. It is filled under a hidden name beside its target, synced, and renamed. A run
 * that is killed leaves only the hidden folder, which the next run on the same target removes; if it was killed while it
 * exchanged two folders, the next run puts the old one back.
 *
 * <p>One thread begins and commits; any may {@link #close}, as a handler of signals does.
 */
public final class OutputFolder implements AutoCloseable {

    /** What is added to the temporary name for the folder that a forced commit sets aside. */
    private static final String OLD = ".old";

    private final Path target;
    private final boolean force;
    private final Temporary temporary;
    private final Deque<Path> parents;
    private boolean done;

    private OutputFolder(Path target, boolean force, Temporary temporary, Deque<Path> parents) {
        this.target = target;
        this.force = force;
        this.temporary = temporary;
        this.parents = parents;
    }

    /**
     * Checks a target without touching anything.
     *
     * @param target the folder to be
     * @param force  whether an existing one may be replaced
     * @throws RequestException if it is a file, is not empty and not to be replaced, or holds the user's home or the working directory
     */
    public static void check(Path target, boolean force) {
        Path real = real(target);
        if (real.getFileName() == null) throw new RequestException(target.toString(), "the output cannot be the root of the file system");
        if (!Files.exists(real)) return;
        if (!Files.isDirectory(real)) throw new RequestException(target.toString(), "the output is a file", "a folder, or nothing there", "a file");
        if (isEmpty(real)) return;
        if (!force) throw new RequestException(target.toString(), "the output folder is not empty", "no folder, or an empty one", null, "choose another name, or replace it with --force");
        for (String property : new String[] {"user.dir", "user.home"}) {
            if (real(Path.of(System.getProperty(property))).startsWith(real))
                throw new RequestException(target.toString(), "will not be replaced: " + (property.equals("user.dir") ? "the working directory" : "your home") + " is in it");
        }
    }

    /**
     * Begins a folder: removes what dead runs on the same target have left, and makes a hidden folder to fill.
     *
     * @param target the folder to be; a link to a folder is followed, missing folders above it are made
     * @param force  whether an existing one may be replaced
     * @return the folder; close it
     * @throws RequestException as {@link #check} does
     * @throws RunException     if it cannot be made
     */
    public static OutputFolder begin(Path target, boolean force) {
        Path real = real(target);
        Deque<Path> parents = new ArrayDeque<>();
        try {
            if (real.getParent() != null && Files.isDirectory(real.getParent())) cleanUp(real);
            check(target, force);
            for (Path parent = real.getParent(); !Files.exists(parent); parent = parent.getParent()) parents.addLast(parent);
            Files.createDirectories(real.getParent());
            Temporary temporary = Temporary.beside(real);
            Files.createDirectory(temporary.path());
            return new OutputFolder(real, force, temporary, parents);
        } catch (IOException error) {
            throw failed(target, error);
        }
    }

    /**
     * Deletes a file, or a folder and all in it; links are deleted, not followed. Nothing there is no error.
     *
     * @param path what is no longer wanted
     * @throws RunException if it cannot be removed
     */
    public static void remove(Path path) {
        try {
            Temporary.delete(path);
        } catch (IOException error) {
            throw new RunException(path.toString(), "cannot be removed: " + reason(error), error);
        }
    }

    private static void cleanUp(Path target) throws IOException {
        for (Temporary dead : Temporary.stale(target)) {
            try (dead) {
                Path old = old(dead);
                if (Files.isDirectory(old) && !Files.exists(target)) Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
                Temporary.delete(old);
                Temporary.delete(dead.path());
            }
        }
    }

    /** {@return the hidden folder to fill} */
    public Path path() { return temporary.path(); }

    /** {@return the folder that it will be} */
    public Path target() { return target; }

    /**
     * Syncs every file and folder, and renames the hidden folder to the target. With force an old folder is renamed aside
     * first, and deleted once the new one stands.
     *
     * @throws RequestException if the target has been filled by somebody else meanwhile, and is not to be replaced
     * @throws RunException     if the file system refuses; the target is then as it was
     */
    public synchronized void commit() {
        if (done) throw new IllegalStateException(target + " is closed");
        try {
            try (Stream<Path> all = Files.walk(temporary.path())) {
                for (Path each : (Iterable<Path>) all::iterator) Temporary.sync(each);
            }
            check(target, force);
            Path old = old(temporary);
            boolean replace = Files.exists(target) && !isEmpty(target);
            if (replace) Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
            try {
                Files.move(temporary.path(), target, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException error) {
                if (replace) Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
                throw error;
            }
            done = true;
            Temporary.sync(target.getParent());
            if (replace) Temporary.delete(old);
            temporary.close();
        } catch (IOException error) {
            throw failed(target, error);
        }
    }

    /** Removes the hidden folder, if it has not been committed, and the folders above it that were made for it. Closing twice does nothing. */
    @Override
    public synchronized void close() {
        if (done) return;
        done = true;
        try {
            Temporary.delete(temporary.path());
            temporary.close();
            for (Path parent : parents) {
                if (!isEmpty(parent)) break;
                Files.delete(parent);
            }
        } catch (IOException error) {
            throw new RunException(temporary.path().toString(), "cannot be removed: " + reason(error), error);
        }
    }

    private static Path old(Temporary temporary) { return temporary.path().resolveSibling(temporary.path().getFileName() + OLD); }

    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException absent) {
            return path.toAbsolutePath().normalize();
        }
    }

    private static boolean isEmpty(Path folder) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            return !entries.iterator().hasNext();
        } catch (IOException error) {
            throw failed(folder, error);
        }
    }

    private static RunException failed(Path path, IOException error) { return new RunException(path.toString(), "cannot be written: " + reason(error), error); }

    /** What went wrong without the name of a hidden file in front. */
    static String reason(IOException error) {
        if (error instanceof FileSystemException file && file.getReason() != null) return file.getReason();
        String kind = error.getClass().getSimpleName().replace("Exception", "");
        return error instanceof FileSystemException ? kind + " " + error.getMessage() : error.getMessage();
    }
}
