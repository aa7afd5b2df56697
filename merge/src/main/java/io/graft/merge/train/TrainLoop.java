package io.graft.merge.train;

import io.graft.engine.RunException;
import io.graft.engine.autograd.Parameter;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.memory.DType;
import io.graft.engine.train.AdamW;
import io.graft.engine.train.Parameters;
import io.graft.engine.train.TrainBatch;
import io.graft.engine.train.Trainer;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.files.OutputFolder;
import io.graft.formats.huggingface.SideFiles;
import io.graft.merge.convert.Conversion;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.run.Merge;
import io.graft.merge.run.MergeOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The steps of a training. Step k: the loss over all its micro-batches together, gradients of part k mod n, clipping by their global
 * norm, AdamW with that part's own count of updates.
 */
final class TrainLoop implements AutoCloseable {

    private final TrainSetup setup;
    private final TrainConfig config;
    private final WorkFolder folder;
    private final Checkpoints checkpoints;
    private final TrainOptions options;
    private final TrainListener listener;
    private final Gradients gradients;
    private final Parameters parameters;
    private final Trainer trainer;
    private final List<Parameter> trained;
    private final List<AdamW> optimizers = new ArrayList<>();
    private TrainState state;
    private MetricsFile metrics;
    private Path lastCheckpoint;

    TrainLoop(TrainSetup setup, WorkFolder folder, Checkpoints checkpoints, TrainOptions options, Kernels kernels, TrainListener listener) {
        this.setup = setup;
        this.config = setup.config;
        this.folder = folder;
        this.checkpoints = checkpoints;
        this.options = options;
        this.listener = listener;
        this.gradients = new Gradients(kernels);
        Set<String> names = setup.adaptation == null ? setup.trained() : Set.of();
        parameters = new Parameters(setup.weights, names::contains, kernels);
        setup.weights.forget();
        if (setup.adaptation != null) setup.adaptation.apply(parameters, kernels);
        trainer = new Trainer(setup.architecture, parameters, kernels, gradients, config.gradientCheckpointing());
        trained = parameters.trained();
        for (TrainSetup.Part part : setup.parts)
            optimizers.add(new AdamW(part.optimizer(), trained.stream().filter(each -> part.names().contains(each.name())).toList(), kernels, gradients));
    }

    TrainResult run(TrainOutline outline, Path from) {
        long started = System.nanoTime();
        state = from == null ? new TrainState(setup.parts.size()) : checkpoints.read(from, trained, optimizers);
        int resumedFrom = state.step;
        lastCheckpoint = from;
        for (int part = 0; part < setup.parts.size(); part++) setup.parts.get(part).data().skip((state.step - part + setup.parts.size() - 1) / setup.parts.size());
        try (MetricsFile file = new MetricsFile(folder.metrics(), state)) {
            metrics = file;
            listener.started(outline, state.step, List.copyOf(metrics.steps), List.copyOf(metrics.validations));
            boolean completed = steps();
            int outputStep = state.step;
            if (completed) {
                if (config.select() == TrainConfig.Select.BEST) outputStep = best();
                listener.writing();
                write();
                checkpoints.clear();
            }
            return new TrainResult(completed, config.output(), folder.path(), completed ? null : lastCheckpoint, List.copyOf(metrics.steps), List.copyOf(metrics.validations), resumedFrom, outputStep,
                    (System.nanoTime() - started) / 1e9);
        }
    }

    /** Trains until the end, or until it is stopped. */
    private boolean steps() {
        while (true) {
            if (validationIsDue() && !validate()) return stopped();
            boolean ended = state.step >= setup.steps || config.patience() > 0 && state.sinceBest >= config.patience();
            if (ended) return true;
            if (options.stop().getAsBoolean()) return stopped();
            step();
            if (config.checkpointSteps() > 0 && state.step % config.checkpointSteps() == 0 && state.step < setup.steps && !validationIsDue()) checkpoint();
        }
    }

    private boolean validationIsDue() {
        return !setup.validation.isEmpty() && state.validated < state.step && (state.step % config.validationSteps() == 0 || state.step >= setup.steps);
    }

    private boolean stopped() {
        if (lastCheckpoint == null || !lastCheckpoint.getFileName().toString().equals("step-" + state.step + ".safetensors")) checkpoint();
        return false;
    }

    private void checkpoint() {
        metrics.sync();
        lastCheckpoint = checkpoints.write(state, trained, optimizers);
        listener.checkpoint(state.step, lastCheckpoint);
    }

    private void step() {
        long started = System.nanoTime();
        int index = state.step % setup.parts.size();
        TrainSetup.Part part = setup.parts.get(index);
        double rate = part.schedule().rate(state.step / setup.parts.size());
        parameters.activate(part.names()::contains);
        List<TrainBatch> batches = part.data().next();
        double loss = trainer.gradients(batches, config.seed(), state.step);
        double norm = Double.isFinite(loss) ? optimizers.get(index).step(rate) : Double.NaN;
        boolean skipped = !Double.isFinite(norm);
        if (skipped && !config.skipNonFinite()) throw notFinite(loss);
        state.updates[index] = optimizers.get(index).steps();
        state.step++;
        long tokens = batches.stream().mapToLong(TrainBatch::rows).sum(), learned = batches.stream().mapToLong(TrainBatch::counted).sum();
        TrainListener.Step done = new TrainListener.Step(state.step, index, loss, rate, norm, tokens, learned, part.data().epoch(), skipped, tokens / ((System.nanoTime() - started) / 1e9));
        metrics.add(done);
        listener.step(done);
    }

    /** The step has changed nothing: if the weights are sound, they are the last good state. */
    private RunException notFinite(double loss) {
        boolean sound = trained.stream().allMatch(each -> Double.isFinite(gradients.sumOfSquares(each.value())));
        if (sound) checkpoint();
        return new RunException("step " + (state.step + 1), Double.isFinite(loss) ? "the gradient is not finite" : "the loss is not finite", "a finite number", loss,
                (lastCheckpoint == null ? "there is no checkpoint yet" : "the last good state is " + lastCheckpoint)
                        + "; a lower optimizer.lr or a longer warm-up often helps, and on_non_finite: skip leaves out such steps",
                null);
    }

    /** Measures the loss on the validation data; false if it was stopped before the end. */
    private boolean validate() {
        double sum = 0;
        long counted = 0;
        for (TrainBatch batch : setup.validation) {
            if (options.stop().getAsBoolean()) return false;
            sum += trainer.loss(List.of(batch)) * batch.counted();
            counted += batch.counted();
        }
        double loss = sum / counted;
        boolean best = state.step > 0 && loss < state.bestLoss - (state.bestStep < 0 ? 0 : config.minDelta());
        if (best) {
            state.bestLoss = loss;
            state.bestStep = state.step;
            state.sinceBest = 0;
        } else if (state.step > 0) {
            state.sinceBest++;
        }
        state.validated = state.step;
        TrainListener.Validation done = new TrainListener.Validation(state.step, loss, best);
        metrics.add(done);
        listener.validated(done);
        boolean due = config.checkpointSteps() > 0 && state.step > 0 && state.step < setup.steps && state.step % config.checkpointSteps() == 0;
        if (due || best && config.select() == TrainConfig.Select.BEST) checkpoint();
        return true;
    }

    private int best() {
        if (state.bestStep < 0 || state.bestStep == state.step) return state.step;
        checkpoints.read(checkpoints.all().get(state.bestStep), trained, optimizers);
        return state.bestStep;
    }

    private void write() {
        if (setup.adaptation != null) {
            writeAdapter();
            return;
        }
        try (TrainedModel model = new TrainedModel(setup.model, trained); MergePlan plan = Conversion.plan(model, setup.dtype())) {
            Merge.run(plan, config.output(), MergeOptions.defaults().withThreads(options.threads()).withForce(options.force()).withSideFiles(true, false));
        }
    }

    private void writeAdapter() {
        try (OutputFolder out = OutputFolder.begin(config.output(), options.force())) {
            setup.adaptation.write(out.path(), parameters, config.dtype() == null ? DType.F32 : config.dtype());
            setup.model.folder().ifPresent(from -> SideFiles.copy(from, out.path()));
            setup.model.sideFiles().forEach((name, text) -> AtomicFile.write(out.path().resolve(name), text.getBytes(StandardCharsets.UTF_8)));
            out.commit();
        }
    }

    @Override
    public void close() {
        optimizers.forEach(AdamW::close);
        trainer.close();
        parameters.close();
        gradients.close();
    }
}
