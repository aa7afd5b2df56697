package io.graft.merge.train;

import io.graft.engine.RequestException;
import io.graft.engine.kernel.Kernels;
import io.graft.formats.files.OutputFolder;
import io.graft.formats.model.ModelSource;
import java.nio.file.Path;
import java.util.Map;

/**
 * A fine-tuning, from its configuration to the folder with the trained model.
 *
 * <pre>{@code
 * TrainConfig config = TrainConfig.of(Map.of("model", "base", "output", "expert", "data", "math.jsonl", "max_steps", 100));
 * TrainResult result = TrainRun.run(config, new TrainListener() {});
 * }</pre>
 *
 * <p>Beside the output {@code OUT} stands {@code OUT.train} with {@code metrics.jsonl} and, while it runs, checkpoints. A training that
 * was stopped or killed goes on from the newest of them when it is run again with the same configuration, and gives the bytes that it
 * would have given.
 */
public final class TrainRun {

    /** A heap smaller than this is not worth a collection. */
    private static final long HEAP = 100_000_000;

    private TrainRun() {}

    /**
     * Trains with all cores.
     *
     * @param config   what to do
     * @param listener watches
     * @return what was done
     * @throws RequestException            if the configuration does not go with its model or its data, or the output is not empty
     * @throws io.graft.engine.RunException if the loss is not finite, or a file cannot be written
     */
    public static TrainResult run(TrainConfig config, TrainListener listener) { return run(config, TrainOptions.defaults(), listener); }

    /**
     * Trains.
     *
     * @param config   what to do
     * @param options  how to run it
     * @param listener watches
     * @return what was done; not completed if the options stopped it
     * @throws RequestException            if the configuration does not go with its model or its data, or the output is not empty, or
     *                                     a checkpoint there is of another training
     * @throws io.graft.engine.RunException if the loss is not finite, or a file cannot be written
     */
    public static TrainResult run(TrainConfig config, TrainOptions options, TrainListener listener) {
        OutputFolder.check(config.output(), options.force());
        Path work = WorkFolder.of(config.output());
        try (TrainSetup setup = TrainSetup.open(config)) {
            TrainOutline outline = Outlines.of(setup);
            Outlines.tell(setup, outline, listener);
            Checkpoints checkpoints = new Checkpoints(work, Fingerprint.of(setup));
            Map.Entry<Integer, Path> from = newest(checkpoints, work, options);
            try (WorkFolder folder = WorkFolder.open(config.output()); Kernels kernels = Kernels.open(options.kernels(), options.threads())) {
                if (from == null) checkpoints.clear();
                giveBack();
                try (TrainLoop loop = new TrainLoop(setup, folder, checkpoints, options, kernels, listener)) {
                    return loop.run(outline, from == null ? null : from.getValue());
                }
            }
        }
    }

    /**
     * Reading data leaves a heap of garbage, 300 MB for GSM8K, beside which native memory would grow; what a full collection finds
     * free goes back to the system.
     */
    private static void giveBack() {
        if (Runtime.getRuntime().totalMemory() > HEAP) System.gc();
    }

    /**
     * Says what a training would do; writes nothing.
     *
     * @param config   what to do
     * @param listener told what is worth knowing
     * @return what would be trained, and what it takes
     * @throws RequestException if the configuration does not go with its model or its data
     */
    public static TrainOutline outline(TrainConfig config, TrainListener listener) {
        try (TrainSetup setup = TrainSetup.open(config)) {
            TrainOutline outline = Outlines.of(setup);
            Outlines.tell(setup, outline, listener);
            return outline;
        }
    }

    /**
     * Where a training keeps its checkpoints and metrics.
     *
     * @param config what is trained
     * @return the folder {@code OUTPUT.train} beside its output
     */
    public static Path work(TrainConfig config) { return WorkFolder.of(config.output()); }

    /**
     * The model that a training from scratch starts from, as merges and evaluations take it.
     *
     * @param config whose model is to be made
     * @return names, shapes and values; close it
     * @throws RequestException if the configuration trains a model that is there, or its config is wrong
     */
    public static ModelSource untrained(TrainConfig config) {
        if (config.model().fresh() == null) throw new RequestException("model", "not a model from scratch", "{config: config.json, ...}", config.model().argument());
        return new FreshModel(config.model().fresh());
    }

    private static Map.Entry<Integer, Path> newest(Checkpoints checkpoints, Path work, TrainOptions options) {
        if (options.resume() == TrainOptions.Resume.NEVER) return null;
        Map.Entry<Integer, Path> newest = checkpoints.all().lastEntry();
        if (newest == null) {
            if (options.resume() == TrainOptions.Resume.REQUIRED) throw new RequestException(work.toString(), "there is no checkpoint to go on from", "checkpoints/step-N.safetensors", "none", "leave out --resume to begin");
            return null;
        }
        if (!checkpoints.isOurs(newest.getValue()))
            throw new RequestException(newest.getValue().toString(), "a checkpoint of another training: model, data or configuration have changed since", null, null,
                    "go back to what it was, choose another output, or begin anew with --restart");
        return newest;
    }
}
