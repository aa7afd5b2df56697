package io.graft.merge.train;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.json.Json;
import io.graft.merge.train.TrainListener.Step;
import io.graft.merge.train.TrainListener.Validation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Metrics as JSON lines: one a step and one a validation, in order. Going on from a checkpoint, it keeps what the checkpoint has
 * seen and nothing after, so that no line stands twice.
 */
final class MetricsFile implements AutoCloseable {

    private final Path file;
    private final FileChannel channel;
    final List<Step> steps = new ArrayList<>();
    final List<Validation> validations = new ArrayList<>();

    /** @param state where the training stands */
    MetricsFile(Path file, TrainState state) {
        this.file = file;
        try {
            Files.createDirectories(file.getParent());
            if (state.step > 0 || state.validated >= 0) keep(state);
            StringBuilder kept = new StringBuilder();
            int validation = 0;
            for (Step each : steps) {
                while (validation < validations.size() && validations.get(validation).step() < each.step()) kept.append(line(validations.get(validation++)));
                kept.append(line(each));
            }
            while (validation < validations.size()) kept.append(line(validations.get(validation++)));
            AtomicFile.write(file, kept.toString().getBytes(StandardCharsets.UTF_8));
            channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
        } catch (IOException error) {
            throw unwritable(error);
        }
    }

    private void keep(TrainState state) throws IOException {
        if (!Files.exists(file)) return;
        for (String line : Files.readAllLines(file)) {
            JsonObject json;
            try {
                json = Json.parse(file.toString(), line).getAsJsonObject();
            } catch (RequestException | IllegalStateException cut) {
                break; // a line that was being written when the run was killed
            }
            int step = json.get("step").getAsInt();
            if (json.has("validation_loss")) {
                if (step <= state.validated) validations.add(new Validation(step, number(json, "validation_loss"), json.get("best").getAsBoolean()));
            } else if (step <= state.step) {
                steps.add(new Step(step, json.has("part") ? json.get("part").getAsInt() : 0, number(json, "loss"), number(json, "learning_rate"), number(json, "gradient_norm"),
                        json.get("tokens").getAsLong(), json.get("learned_tokens").getAsLong(), number(json, "epoch"), json.has("skipped"), number(json, "tokens_per_second")));
            }
        }
    }

    private static double number(JsonObject json, String key) { return json.get(key).isJsonNull() ? Double.NaN : json.get(key).getAsDouble(); }

    void add(Step step) {
        steps.add(step);
        append(line(step));
    }

    void add(Validation validation) {
        validations.add(validation);
        append(line(validation));
    }

    private static String line(Step step) {
        JsonObject json = new JsonObject();
        json.addProperty("step", step.step());
        json.addProperty("part", step.part());
        finite(json, "loss", step.loss());
        json.addProperty("learning_rate", step.rate());
        finite(json, "gradient_norm", step.norm());
        json.addProperty("tokens", step.tokens());
        json.addProperty("learned_tokens", step.learned());
        json.addProperty("epoch", step.epoch());
        if (step.skipped()) json.addProperty("skipped", true);
        finite(json, "tokens_per_second", step.tokensPerSecond());
        return Json.line(json) + "\n";
    }

    private static String line(Validation validation) {
        JsonObject json = new JsonObject();
        json.addProperty("step", validation.step());
        finite(json, "validation_loss", validation.loss());
        json.addProperty("best", validation.best());
        return Json.line(json) + "\n";
    }

    private static void finite(JsonObject json, String key, double value) { json.addProperty(key, Double.isFinite(value) ? value : null); }

    private void append(String line) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) channel.write(bytes);
        } catch (IOException error) {
            throw unwritable(error);
        }
    }

    /** Brings the lines to the disk, before a checkpoint that counts on them. */
    void sync() {
        try {
            channel.force(false);
        } catch (IOException error) {
            throw unwritable(error);
        }
    }

    private RunException unwritable(IOException error) { return new RunException(file.toString(), "cannot be written: " + error.getMessage(), error); }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException error) {
            throw unwritable(error);
        }
    }
}
