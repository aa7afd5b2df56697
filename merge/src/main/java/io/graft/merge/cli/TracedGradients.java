package io.graft.merge.cli;

import io.graft.engine.autograd.Parameter;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.Architecture;
import io.graft.engine.train.Parameters;
import io.graft.engine.train.TrainBatch;
import io.graft.engine.train.Trainer;
import io.graft.formats.model.ModelSource;
import io.graft.formats.weights.ModelWeights;
import java.util.List;

/** Gradients of the loss of one text for every weight of a model, in memory until closed: F32 copies of the weights and as much again. */
final class TracedGradients implements AutoCloseable {

    private final ModelWeights weights;
    private final Gradients gradients;
    private final Parameters parameters;
    private final Trainer trainer;

    /**
     * Computes them.
     *
     * @param source the model, closed with this
     * @param ids    the text
     * @param labels unshifted, negative for what does not count
     */
    TracedGradients(ModelSource source, Architecture architecture, Kernels kernels, int[] ids, int[] labels) {
        weights = new ModelWeights(source);
        gradients = new Gradients(kernels);
        parameters = new Parameters(weights, _ -> true, kernels);
        trainer = new Trainer(architecture, parameters, kernels, gradients);
        try {
            trainer.gradients(List.of(new TrainBatch().add(ids, labels)));
        } catch (RuntimeException | Error error) {
            close();
            throw error;
        }
    }

    /** {@return the gradients, called {@code grad.PARAMETER}} */
    List<Tensor> tensors() {
        return parameters.trained().stream().map(TracedGradients::named).toList();
    }

    private static Tensor named(Parameter each) {
        Tensor gradient = each.gradient();
        return Tensor.view("grad." + each.name(), gradient.dtype(), gradient.shape(), gradient.owner(), gradient.offset());
    }

    @Override
    public void close() {
        trainer.close();
        parameters.close();
        gradients.close();
        weights.close();
    }
}
