package io.graft.merge.cli;

import io.graft.merge.train.TrainListener;
import io.graft.merge.train.TrainOutline;
import java.nio.file.Path;
import java.util.List;

/** Shows a training while it runs: notes, a bar with the loss and the time left. */
final class TrainWatch implements TrainListener, AutoCloseable {

    private final CommonOptions common;
    private Progress progress;

    TrainWatch(CommonOptions common) { this.common = common; }

    /** Notes and warnings alone. */
    static TrainListener notes(CommonOptions common) {
        return new TrainListener() {
            @Override
            public void note(String text) { common.note(text); }

            @Override
            public void warn(String text) { common.warn(text); }
        };
    }

    @Override
    public void note(String text) { common.note(text); }

    @Override
    public void warn(String text) { common.warn(text); }

    @Override
    public void started(TrainOutline outline, int done, List<Step> steps, List<Validation> validations) {
        if (done > 0) common.note("going on from the checkpoint after step " + done);
        progress = Progress.start(common, "training", outline.steps() - done, "steps");
    }

    @Override
    public void step(Step step) {
        progress.say("loss " + TrainReport.loss(step.loss()));
        progress.accept(1);
        if (step.skipped()) common.warn("step " + step.step() + " was left out: loss " + step.loss() + ", gradient norm " + step.norm());
    }

    @Override
    public void validated(Validation validation) { common.note("after step " + validation.step() + " the validation loss is " + TrainReport.loss(validation.loss())); }

    @Override
    public void checkpoint(int step, Path file) {}

    @Override
    public void close() {
        if (progress != null) progress.close();
    }
}
