package io.graft.engine.train;

import io.graft.engine.autograd.Parameter;
import io.graft.engine.autograd.Tape;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.model.Architecture;
import java.util.List;

/** Gradients of the mean loss over one or more batches: what an optimizer's step is made of. For one thread. */
public final class Trainer implements AutoCloseable {

    private final Parameters parameters;
    private final Tape tape;
    private final ForwardPass forward;

    /**
     * A trainer.
     *
     * @param architecture what the model computes
     * @param parameters   its weights
     * @param kernels      compute
     * @param gradients    compute backward
     */
    public Trainer(Architecture architecture, Parameters parameters, Kernels kernels, Gradients gradients) { this(architecture, parameters, kernels, gradients, false); }

    /**
     * A trainer that may compute layers twice.
     *
     * @param architecture what the model computes
     * @param parameters   its weights
     * @param kernels      compute
     * @param gradients    compute backward
     * @param recompute    whether only the input of each layer is kept, and the layer computed again on the way back: the same gradients
     *                     to the bit, for less memory and about a third to a half more time (41 % at 2 x 256 tokens of SmolLM2-135M, 2.44 instead of 2.52 GB resident, AMD EPYC, Zen 3)
     */
    public Trainer(Architecture architecture, Parameters parameters, Kernels kernels, Gradients gradients, boolean recompute) {
        this.parameters = parameters;
        this.tape = new Tape(kernels, gradients);
        this.forward = new ForwardPass(architecture, parameters, kernels, tape, recompute);
    }

    /**
     * Computes the loss of batches and replaces the gradients of all trained parameters by those of that loss; those of parameters that
     * rest are gone. They are in this trainer's memory, until the next call or {@link #close}. The mean is over the counted tokens of all
     * batches together, so that one batch of eight texts and eight of one give the same to rounding. What is dropped by dropout is that
     * of step 0 of seed 0.
     *
     * @param batches accumulated one after the other
     * @return the mean loss of the counted tokens
     * @throws IllegalArgumentException if nothing is counted
     */
    public double gradients(List<TrainBatch> batches) { return gradients(batches, 0, 0); }

    /**
     * The same with dropout's random numbers, which depend on the seed, the step, the batch's place in the list, the module and the
     * element, and on nothing that was drawn before: seed and step are all that a resumed run needs to know.
     *
     * @param batches accumulated one after the other
     * @param seed    of the run
     * @param step    of the run
     * @return the mean loss of the counted tokens
     * @throws IllegalArgumentException if nothing is counted
     */
    public double gradients(List<TrainBatch> batches, long seed, long step) {
        int counted = batches.stream().mapToInt(TrainBatch::counted).sum();
        if (counted == 0) throw new IllegalArgumentException("no token of the batch is to be learned; all labels are ignored");
        parameters.trained().forEach(tape::forget);
        double sum = 0;
        for (int i = 0; i < batches.size(); i++) sum += forward.differentiate(batches.get(i), 1f / counted, CounterRandom.key(CounterRandom.key(seed, step), i));
        parameters.activeOnes().forEach(tape::complete);
        return sum / counted;
    }

    /**
     * Computes the loss of batches alone: no gradient changes.
     *
     * @param batches one after the other
     * @return the mean loss of their counted tokens
     * @throws IllegalArgumentException if nothing is counted
     */
    public double loss(List<TrainBatch> batches) {
        int counted = batches.stream().mapToInt(TrainBatch::counted).sum();
        if (counted == 0) throw new IllegalArgumentException("no token of the batch counts; all labels are ignored");
        double sum = 0;
        for (TrainBatch batch : batches) sum += forward.loss(batch);
        return sum / counted;
    }

    /** Frees activations, gradients and tables. */
    @Override
    public void close() {
        forward.close();
        tape.close();
    }
}
