package io.graft.merge.train;

import java.nio.file.Path;
import java.util.List;

/** Who watches a training. All calls come from the thread that trains; each has an empty default. */
public interface TrainListener {

    /**
     * A step of a training.
     *
     * @param step            from 1
     * @param part            which part of a partition it trained, from 0
     * @param loss            mean over the learned tokens, before the step
     * @param rate            the learning rate
     * @param norm            the gradient's global 2-norm before clipping; NaN where it was not computed
     * @param tokens          tokens that went through the model
     * @param learned         those of them that were predicted
     * @param epoch           passes over the part's data after this step
     * @param skipped         whether nothing was changed, because loss or gradient were not finite
     * @param tokensPerSecond speed; the only number that differs from run to run
     */
    record Step(int step, int part, double loss, double rate, double norm, long tokens, long learned, double epoch, boolean skipped, double tokensPerSecond) {}

    /**
     * A validation.
     *
     * @param step after how many steps; 0 before the first
     * @param loss mean over the learned tokens of the validation data
     * @param best whether it is the lowest of a trained state so far
     */
    record Validation(int step, double loss, boolean best) {}

    /**
     * Something worth knowing.
     *
     * @param text one line
     */
    default void note(String text) {}

    /**
     * Something that the user may not want to have happened.
     *
     * @param text one line
     */
    default void warn(String text) {}

    /**
     * The training begins, or goes on.
     *
     * @param outline     what it will do
     * @param done        steps that a checkpoint has already
     * @param steps       those steps, in order
     * @param validations the validations among them
     */
    default void started(TrainOutline outline, int done, List<Step> steps, List<Validation> validations) {}

    /**
     * A step has ended.
     *
     * @param step it
     */
    default void step(Step step) {}

    /**
     * A validation has ended.
     *
     * @param validation it
     */
    default void validated(Validation validation) {}

    /**
     * A checkpoint stands.
     *
     * @param step after how many steps
     * @param file where
     */
    default void checkpoint(int step, Path file) {}

    /** The output is being written. */
    default void writing() {}
}
