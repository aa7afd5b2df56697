package io.graft.merge.cli;

import io.graft.merge.train.TrainConfig;
import io.graft.merge.train.TrainListener;
import io.graft.merge.train.TrainOutline;
import io.graft.merge.train.TrainRun;
import java.util.List;

/** Shows a training while it runs: notes, a bar with the loss and the time left, and the page of its curves. */
final class TrainWatch implements TrainListener, AutoCloseable {

    private final TrainConfig config;
    private final CommonOptions common;
    private Progress progress;
    private TrainPage page;
    private long written;
    private int done;
    private int total;

    TrainWatch(TrainConfig config, CommonOptions common) {
        this.config = config;
        this.common = common;
    }

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
        this.done = done;
        total = outline.steps();
        progress = Progress.start(common, "training", total - done, "steps");
        page = new TrainPage(TrainRun.work(config).resolve("training.html"), config.output().toString(), outline, steps, validations);
        page.write(true, "It begins.");
        written = System.nanoTime();
        common.note("curves: " + TrainRun.work(config).resolve("training.html"));
    }

    @Override
    public void step(Step step) {
        done = step.step();
        progress.say("loss " + TrainReport.loss(step.loss()));
        progress.accept(1);
        if (step.skipped()) common.warn("step " + step.step() + " was left out: loss " + step.loss() + ", gradient norm " + step.norm());
        page.add(step);
        if (System.nanoTime() - written < TrainPage.REFRESH * 1_000_000_000L) return;
        page.write(true, "It runs.");
        written = System.nanoTime();
    }

    @Override
    public void validated(Validation validation) {
        common.note("after step " + validation.step() + " the validation loss is " + TrainReport.loss(validation.loss()));
        page.add(validation);
    }

    /**
     * Says on the page how it ended.
     *
     * @param status a sentence
     */
    void ended(String status) {
        if (page != null) page.write(false, status);
    }

    @Override
    public void close() {
        if (progress != null) progress.close();
    }
}
