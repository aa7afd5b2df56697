package io.graft.merge.train;

import java.nio.file.Path;
import java.util.List;

/**
 * What a training did.
 *
 * @param completed   whether it has ended and the output stands; else it was stopped, and a checkpoint stands
 * @param output      the folder
 * @param work        the folder of metrics, curves and checkpoints
 * @param checkpoint  where to go on, of a training that was stopped; null for none
 * @param steps       every step, in order, those before a checkpoint too
 * @param validations every validation, in order
 * @param resumedFrom steps that a checkpoint had already
 * @param outputStep  after how many steps the output's weights were; with {@code select: best} not always the last
 * @param seconds     of this run
 */
public record TrainResult(boolean completed, Path output, Path work, Path checkpoint, List<TrainListener.Step> steps, List<TrainListener.Validation> validations, int resumedFrom, int outputStep,
        double seconds) {

    /** {@return the loss of the last step that was taken; NaN without one} */
    public double loss() { return steps.stream().filter(step -> !step.skipped()).reduce((_, last) -> last).map(TrainListener.Step::loss).orElse(Double.NaN); }

    /** {@return the last validation's loss; NaN without one} */
    public double validationLoss() { return validations.isEmpty() ? Double.NaN : validations.getLast().loss(); }

    /** {@return tokens that went through the model, all steps together} */
    public long tokens() { return steps.stream().mapToLong(TrainListener.Step::tokens).sum(); }
}
