package io.graft.engine.train;

import io.graft.engine.autograd.Parameter;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.AdamWStep;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.memory.Tensor;
import java.util.ArrayList;
import java.util.List;

/** AdamW over some parameters, with its own moments and count of steps (Loshchilov and Hutter 2019, arXiv:1711.05101). */
public final class AdamW implements AutoCloseable {

    /**
     * What it is set to.
     *
     * @param beta1       decay of the first moment
     * @param beta2       decay of the second
     * @param epsilon     added to the root of the second moment
     * @param weightDecay decoupled: a step multiplies a weight by 1 − rate · weightDecay
     * @param decayAll    whether vectors (norms, biases) decay too, not matrices only
     * @param clip        the largest global norm of the gradient; 0 for none
     */
    public record Settings(double beta1, double beta2, double epsilon, double weightDecay, boolean decayAll, double clip) {}

    /**
     * What it remembers of a parameter.
     *
     * @param parameter which it updates
     * @param first     the first moment, like the parameter
     * @param second    the second
     */
    public record Moments(Parameter parameter, Tensor first, Tensor second) {}

    private final Settings settings;
    private final Gradients gradients;
    private final List<Moments> moments = new ArrayList<>();
    private int steps;

    /**
     * An optimizer that has taken no step.
     *
     * @param settings   its numbers
     * @param parameters what it updates, all trained
     * @param kernels    allocate
     * @param gradients  compute
     */
    public AdamW(Settings settings, List<Parameter> parameters, Kernels kernels, Gradients gradients) {
        this.settings = settings;
        this.gradients = gradients;
        for (Parameter each : parameters)
            moments.add(new Moments(each, kernels.allocate("first moment of " + each.name(), each.value().shape()),
                    kernels.allocate("second moment of " + each.name(), each.value().shape())));
    }

    /**
     * Clips the gradients together and takes a step. A gradient that is not finite changes nothing: neither weights, nor moments,
     * nor the count of steps.
     *
     * @param rate the learning rate
     * @return the gradient's global 2-norm before clipping
     */
    public double step(double rate) {
        double squares = 0;
        for (Moments each : moments) squares += gradients.sumOfSquares(each.parameter.gradient());
        double norm = Math.sqrt(squares);
        if (!Double.isFinite(norm)) return norm;
        double factor = settings.clip() > 0 ? Math.min(1, settings.clip() / (norm + 1e-6)) : 1; // PyTorch's 1e-6
        steps++;
        for (Moments each : moments) {
            double decay = settings.decayAll() || each.parameter.value().shape().rank() >= 2 ? settings.weightDecay() : 0;
            gradients.adamW(each.parameter.value(), each.parameter.gradient(), each.first, each.second,
                    AdamWStep.of(steps, rate, settings.beta1(), settings.beta2(), settings.epsilon(), decay, factor));
        }
        return norm;
    }

    /** {@return how many steps it has taken} */
    public int steps() { return steps; }

    /** {@return its moments, for a checkpoint to write and to fill again} */
    public List<Moments> moments() { return List.copyOf(moments); }

    /**
     * Goes on as if it had taken steps, after its moments have been filled.
     *
     * @param taken how many
     */
    public void resume(int taken) { steps = taken; }

    /** Frees the moments. */
    @Override
    public void close() {
        for (Moments each : moments) {
            each.first.close();
            each.second.close();
        }
    }
}
