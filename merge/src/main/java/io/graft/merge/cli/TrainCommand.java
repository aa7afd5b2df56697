package io.graft.merge.cli;

import io.graft.engine.GraftException;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.merge.train.TrainConfig;
import io.graft.merge.train.TrainOptions;
import io.graft.merge.train.TrainOutline;
import io.graft.merge.train.TrainResult;
import io.graft.merge.train.TrainRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft train}: fine-tunes a model, or makes one from scratch, as a configuration says. */
@Command(name = "train", description = "Fine-tune a model as a configuration says: all weights, some of them, or an adapter.",
        footer = {"", "Beside OUTPUT stands OUTPUT.train: metrics.jsonl, training.html with the curves, and checkpoints while it runs. Ctrl-C writes "
            + "one. The same command goes on from the newest, to the same bytes as if it had never stopped.", "",
            "graft train --example prints a configuration with every key, explained, to start your own from.", "",
            "Example: graft train config.yml --set optimizer.lr=1e-4", "",
            "With --json: output, output_step, completed, steps, resumed_from, tokens, seconds, loss, validation (list of step and loss), metrics."})
final class TrainCommand implements Callable<Integer> {

    @Parameters(index = "0", arity = "0..1", paramLabel = "CONFIG", description = "The configuration, in YAML.")
    private Path config;

    @Option(names = "--example", description = "Print a configuration with every key, explained.")
    private boolean example;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Override one key, such as optimizer.lr=1e-4 or data.0.weight=2; again for more.")
    private List<String> overrides = new ArrayList<>();

    @Option(names = "--output", paramLabel = "DIR", description = "The folder to appear, instead of the configuration's.")
    private Path output;

    @Option(names = "--seed", paramLabel = "N", description = "The seed, instead of the configuration's.")
    private Long seed;

    @Option(names = "--dry-run", description = "Print what would be trained, the memory and the time of a step; write nothing.")
    private boolean dryRun;

    @Option(names = "--resume", description = "Go on from a checkpoint, which must be there (default: go on if there is one).")
    private boolean resume;

    @Option(names = "--restart", description = "Begin anew, and remove checkpoints of an earlier run.")
    private boolean restart;

    @Option(names = "--force", description = "Replace an output folder that is not empty.")
    private boolean force;

    @Mixin
    private CommonOptions common;

    @Override
    public Integer call() {
        if (example) {
            System.out.print(TrainConfig.example());
            return 0;
        }
        if (config == null) throw new RequestException("CONFIG", "which configuration?", "a YAML file", "nothing", "graft train --example prints one to start from");
        if (common.threads < 1) throw new RequestException("--threads", "too few", "1 or more", common.threads);
        if (resume && restart) throw new RequestException("--resume", "does not go with --restart", "one of them", "both");
        if (output != null) overrides.add("output=" + Json.line(new com.google.gson.JsonPrimitive(output.toString())));
        if (seed != null) overrides.add("seed=" + seed);
        TrainConfig read = TrainConfig.read(config, overrides);
        if (dryRun) return dryRun(read);
        TrainResult result;
        try (TrainWatch watch = new TrainWatch(read, common)) {
            result = StopSignals.run("writing a checkpoint after this step", stop -> train(read, stop, watch), TrainCommand::stopped);
        }
        if (common.json) System.out.print(Json.write(TrainReport.json(result)));
        else TrainReport.print(result, System.out);
        return 0;
    }

    private static void stopped(TrainResult result) {
        if (result.completed()) System.err.println("graft: interrupted: " + result.output() + " had just been finished");
        else System.err.println("graft: interrupted: checkpoint " + result.checkpoint() + "; the same command goes on from there");
    }

    private TrainResult train(TrainConfig read, BooleanSupplier stop, TrainWatch watch) {
        TrainOptions.Resume choice = restart ? TrainOptions.Resume.NEVER : resume ? TrainOptions.Resume.REQUIRED : TrainOptions.Resume.AUTO;
        try {
            TrainResult result = TrainRun.run(read, new TrainOptions(common.threads, common.kernels, choice, force, stop), watch);
            watch.ended(result.completed() ? "It has ended." : "It was interrupted, and goes on from " + result.checkpoint() + " when it is run again.");
            return result;
        } catch (GraftException error) {
            watch.ended("It failed: " + Failures.line(error));
            throw error;
        }
    }

    private int dryRun(TrainConfig read) {
        TrainOutline outline = TrainRun.outline(read, TrainWatch.notes(common));
        double rate = TrainReport.gigaflops(common);
        if (common.json) System.out.print(Json.write(TrainReport.json(outline, rate)));
        else TrainReport.print(outline, rate, System.out);
        return 0;
    }
}
