package io.graft.merge.experiment;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.files.OutputFolder;
import io.graft.formats.json.Json;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The steps that are done, as folders. A step is done when its folder has {@code step.json}, which is written last and names
 * the whole key: what a killed run left without one is gone on with (trainings, from their checkpoints) or made anew.
 */
final class StepCache implements AutoCloseable {

    private static final String DONE = "step.json";

    private final Path root;
    private FileChannel lock;

    StepCache(Path root) { this.root = root; }

    /** Keeps other runs out; the system frees the lock of a run that was killed. */
    void lock() {
        try {
            Files.createDirectories(root);
            lock = FileChannel.open(root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock held = null;
            try {
                held = lock.tryLock();
            } catch (OverlappingFileLockException ours) {
                // Another study of this JVM.
            }
            if (held == null) {
                lock.close();
                lock = null;
                throw new RequestException(root.toString(), "another run works with this cache", "one at a time", null, "wait for it, or name another folder with --cache");
            }
        } catch (IOException error) {
            throw new RunException(root.toString(), "cannot be written: " + error.getMessage(), error);
        }
    }

    Path folder(Step step) { return root.resolve(step.folder()); }

    boolean has(Step step) {
        Path done = folder(step).resolve(DONE);
        if (!Files.isRegularFile(done)) return false;
        JsonObject json = Json.readObject(done);
        return json.has("key") && json.get("key").getAsString().equals(step.key());
    }

    /** How long a step took when it was made; 0 where that is not known. */
    double seconds(Step step) {
        JsonObject json = Json.readObject(folder(step).resolve(DONE));
        return json.has("seconds") ? json.get("seconds").getAsDouble() : 0;
    }

    /** The folder to fill, with what an interrupted run left in it. */
    Path begin(Step step) {
        Path folder = folder(step);
        try {
            Files.createDirectories(folder);
        } catch (IOException error) {
            throw new RunException(folder.toString(), "cannot be made: " + error.getMessage(), error);
        }
        return folder;
    }

    void done(Step step, double seconds) {
        JsonObject json = new JsonObject();
        json.addProperty("step", step.id());
        json.addProperty("key", step.key());
        json.addProperty("seconds", Math.round(seconds * 1000) / 1000.0);
        AtomicFile.write(folder(step).resolve(DONE), Json.write(json).getBytes(StandardCharsets.UTF_8));
    }

    /** Removes a step, for it to be made anew. */
    void forget(Step step) { OutputFolder.remove(folder(step)); }

    @Override
    public void close() {
        try {
            if (lock != null) lock.close();
        } catch (IOException error) {
            throw new RunException(root.toString(), "cannot be unlocked: " + error.getMessage(), error);
        }
    }
}
