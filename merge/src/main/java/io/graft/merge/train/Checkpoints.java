package io.graft.merge.train;

import com.google.gson.JsonObject;
import io.graft.engine.RunException;
import io.graft.engine.autograd.Parameter;
import io.graft.engine.memory.Tensor;
import io.graft.engine.train.AdamW;
import io.graft.formats.json.Json;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.safetensors.SafetensorsFile;
import io.graft.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The checkpoints of a training: {@code checkpoints/step-N.safetensors}, each whole or not there. Beside every trained weight
 * ({@code value.NAME}, F32) stand its moments ({@code first.NAME} and {@code second.NAME}, with {@code .P} behind first and second
 * for part P of a partition but the first); the metadata {@code graft_training} is the {@link TrainState} and the fingerprint of
 * what must be the same for the training to go on.
 */
final class Checkpoints {

    private static final String KEY = "graft_training", PREFIX = "step-", SUFFIX = ".safetensors";
    /** The newest ones that are kept, beside the best. */
    private static final int KEPT = 2;
    private static final int CHUNK = 1 << 18;

    private final Path folder;
    private final String fingerprint;

    Checkpoints(Path work, String fingerprint) {
        this.folder = work.resolve("checkpoints");
        this.fingerprint = fingerprint;
    }

    /** What stands there, by step. */
    NavigableMap<Integer, Path> all() {
        NavigableMap<Integer, Path> found = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PREFIX + "*" + SUFFIX)) {
            for (Path file : files) {
                String name = file.getFileName().toString(), number = name.substring(PREFIX.length(), name.length() - SUFFIX.length());
                if (number.matches("\\d{1,9}")) found.put(Integer.parseInt(number), file);
            }
        } catch (NoSuchFileException | NotDirectoryException none) {
            return found;
        } catch (IOException error) {
            throw new RunException(folder.toString(), "cannot be read: " + error.getMessage(), error);
        }
        return found;
    }

    /** Whether a checkpoint is of this training. */
    boolean isOurs(Path file) {
        try (SafetensorsFile open = SafetensorsFile.open(file)) {
            String text = open.metadata().get(KEY);
            return text != null && fingerprint.equals(Json.parse(file.toString(), text).getAsJsonObject().get("fingerprint").getAsString());
        }
    }

    /** Writes one, then removes those that are no longer needed. */
    Path write(TrainState state, List<Parameter> trained, List<AdamW> optimizers) {
        List<Tensor> tensors = new ArrayList<>();
        for (Parameter each : trained) tensors.add(named("value." + each.name(), each.value()));
        for (int part = 0; part < optimizers.size(); part++)
            for (AdamW.Moments each : optimizers.get(part).moments()) {
                tensors.add(named(first(part) + each.parameter().name(), each.first()));
                tensors.add(named(second(part) + each.parameter().name(), each.second()));
            }
        JsonObject json = state.json();
        json.addProperty("fingerprint", fingerprint);
        Path file = folder.resolve(PREFIX + state.step + SUFFIX);
        SafetensorsWriter.write(file, Map.of(KEY, Json.line(json)), tensors);
        prune(state.bestStep);
        return file;
    }

    private static String first(int part) { return part == 0 ? "first." : "first." + part + "."; }

    private static String second(int part) { return part == 0 ? "second." : "second." + part + "."; }

    private static Tensor named(String name, Tensor tensor) { return Tensor.view(name, tensor.dtype(), tensor.shape(), tensor.owner(), tensor.offset()); }

    private void prune(int best) {
        NavigableMap<Integer, Path> all = all();
        List<Integer> newest = all.descendingKeySet().stream().limit(KEPT).toList();
        all.forEach((step, file) -> {
            if (!newest.contains(step) && step != best) delete(file);
        });
    }

    /** Fills weights and moments. */
    TrainState read(Path file, List<Parameter> trained, List<AdamW> optimizers) {
        try (SafetensorsFile open = SafetensorsFile.open(file)) {
            TrainState state = TrainState.of(Json.parse(file.toString(), open.metadata().get(KEY)).getAsJsonObject());
            for (Parameter each : trained) fill(open.source("value." + each.name()), each.value());
            for (int part = 0; part < optimizers.size(); part++) {
                for (AdamW.Moments each : optimizers.get(part).moments()) {
                    fill(open.source(first(part) + each.parameter().name()), each.first());
                    fill(open.source(second(part) + each.parameter().name()), each.second());
                }
                optimizers.get(part).resume(state.updates[part]);
            }
            return state;
        }
    }

    private static void fill(SourceTensor from, Tensor to) {
        long elements = to.shape().elements();
        for (long first = 0; first < elements; first += CHUNK) {
            long count = Math.min(CHUNK, elements - first);
            from.readF32(first, count, to.segment().asSlice(4 * first, 4 * count));
        }
    }

    /** Removes them all. */
    void clear() {
        all().values().forEach(Checkpoints::delete);
        delete(folder);
    }

    private static void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (java.nio.file.DirectoryNotEmptyException others) {
            // Somebody else's files are in it.
        } catch (IOException error) {
            throw new RunException(path.toString(), "cannot be removed: " + error.getMessage(), error);
        }
    }
}
