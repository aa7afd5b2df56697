package io.graft.merge.experiment;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.RunException;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.files.OutputFolder;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.merge.train.TrainConfig;
import io.graft.merge.train.TrainListener;
import io.graft.merge.train.TrainOptions;
import io.graft.merge.train.TrainResult;
import io.graft.merge.train.TrainRun;
import io.graft.merge.yaml.YamlValue.Table;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** Trains with {@link io.graft.merge.train}: what {@code graft train} would do with the same keys. */
final class GraftTraining implements Training {

    private final StudyOptions options;
    private final StudyListener listener;

    GraftTraining(StudyOptions options, StudyListener listener) {
        this.options = options;
        this.listener = listener;
    }

    @Override
    public void check(Table settings) { TrainConfig.of(settings); }

    @Override
    public ModelSource promise(Table settings) { return TrainRun.untrained(TrainConfig.of(settings)); }

    @Override
    public ModelSource untrained(String config) {
        try {
            Path file = Files.createTempFile("graft-config", ".json");
            try {
                Files.writeString(file, config);
                return TrainRun.untrained(TrainConfig.of(Map.of("model", Map.of("config", file.toString()), "output", "output", "data", "data")));
            } finally {
                Files.delete(file);
            }
        } catch (IOException error) {
            throw new RunException("config", "cannot be written: " + error.getMessage(), error);
        }
    }

    @Override
    public void train(Table settings, Path folder, int threads, Step.Progress progress) {
        TrainConfig config = TrainConfig.of(settings);
        if (Files.exists(config.output())) OutputFolder.remove(config.output()); // killed between the folder's appearing and the step's end
        TrainOptions how = TrainOptions.defaults().withThreads(threads).withKernels(options.kernels()).withStop(listener::stop);
        int[] steps = {1};
        TrainResult result = TrainRun.run(config, how, new TrainListener() {
            @Override
            public void started(io.graft.merge.train.TrainOutline outline, int done, java.util.List<Step> before, java.util.List<Validation> validations) {
                steps[0] = Math.max(1, outline.steps());
                progress.at(done / (double) steps[0], done > 0 ? "goes on from step " + done : "");
            }

            @Override
            public void step(Step step) { progress.at(step.step() / (double) steps[0], String.format(Locale.ROOT, "loss %.3f", step.loss())); }
        });
        if (!result.completed()) throw new RunException(folder.toString(), "stopped on request; the same command goes on from step " + result.steps().size(), null);
        AtomicFile.write(folder.resolve("curve.json"), Json.line(curve(result)).getBytes(StandardCharsets.UTF_8));
    }

    private static JsonObject curve(TrainResult result) {
        JsonObject curve = new JsonObject();
        JsonArray loss = new JsonArray(), validation = new JsonArray();
        for (TrainListener.Step step : result.steps()) loss.add(Outcome.round(step.loss()));
        for (TrainListener.Validation each : result.validations()) {
            JsonArray point = new JsonArray();
            point.add(each.step());
            point.add(Outcome.round(each.loss()));
            validation.add(point);
        }
        curve.add("loss", loss);
        curve.add("validation", validation);
        return curve;
    }
}
