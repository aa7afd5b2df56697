package io.graft.merge.search;

import io.graft.engine.autograd.Parameter;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.memory.Owner;
import io.graft.engine.train.Parameters;
import io.graft.engine.train.TrainBatch;
import io.graft.engine.train.Trainer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * The loss of a merge as a function of its coefficients, and its gradient. With W = Σ w_m · X_m over base, math and language, the derivative by a weight is
 * the inner product of the loss's gradient by W with that model's tensor: {@code dL/dw_m = <dL/dW, X_m>}. No merge is written; the experts are
 * streamed past, so that beside the base's F32 copy and its gradient nothing is held. For one thread.
 */
public final class MergeGradient implements AutoCloseable {

    private static final int CHUNK = 1 << 16;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final SearchModels models;
    private final List<Unit> units;
    private final Gradients gradients;
    private final Parameters parameters;
    private final Trainer trainer;
    private final Owner scratch = Owner.allocate("pieces of three models", 3L * CHUNK * Float.BYTES);
    private int passes, losses;

    /**
     * At the base, to begin with.
     *
     * @param models  the three models, open as long as this is used
     * @param kernels compute; shared, not closed
     */
    public MergeGradient(SearchModels models, Kernels kernels) {
        this.models = models;
        this.units = models.units();
        this.gradients = new Gradients(kernels);
        this.parameters = new Parameters(models.base(), _ -> true, kernels);
        this.trainer = new Trainer(models.architecture(), parameters, kernels, gradients);
    }

    /**
     * Goes to a merge.
     *
     * @param weights (units, 3): of base, math and language
     */
    public void move(double[][] weights) {
        for (int unit = 0; unit < units.size(); unit++) {
            double[] w = weights[unit];
            for (String name : units.get(unit).tensors()) {
                MemorySegment to = parameters.get(name).value().segment();
                stream(name, w, (first, count, pieces) -> {
                    for (int i = 0; i < count; i++) {
                        double sum = 0;
                        for (int model = 0; model < 3; model++) if (w[model] != 0) sum += w[model] * pieces[model].getAtIndex(FLOAT, i);
                        to.setAtIndex(FLOAT, first + i, (float) sum);
                    }
                });
            }
        }
    }

    /**
     * The loss here.
     *
     * @param batches what it is measured on
     * @return the mean over their counted tokens
     */
    public double loss(List<TrainBatch> batches) {
        losses++;
        return trainer.loss(batches);
    }

    /**
     * Loss and derivatives here.
     *
     * @param batches what it is measured on
     * @param dots    (units, 3): receives the derivatives by the weights of base, math and language
     * @return the loss
     */
    public double differentiate(List<TrainBatch> batches, double[][] dots) {
        passes++;
        double loss = trainer.gradients(batches);
        for (int unit = 0; unit < units.size(); unit++) {
            double[] sums = dots[unit] = new double[3];
            for (String name : units.get(unit).tensors()) {
                Parameter parameter = parameters.get(name);
                MemorySegment gradient = parameter.gradient().segment();
                stream(name, null, (first, count, pieces) -> {
                    for (int i = 0; i < count; i++) {
                        double g = gradient.getAtIndex(FLOAT, first + i);
                        for (int model = 0; model < 3; model++) sums[model] += g * pieces[model].getAtIndex(FLOAT, i);
                    }
                });
            }
        }
        return loss;
    }

    /** {@return how often it has differentiated} */
    public int passes() { return passes; }

    /** {@return how often it has computed a loss alone} */
    public int losses() { return losses; }

    /** What is done with a piece of a tensor. */
    private interface Piece {
        void run(long first, int count, MemorySegment[] models);
    }

    private void stream(String name, double[] needed, Piece piece) {
        MemorySegment[] pieces = new MemorySegment[3];
        for (int model = 0; model < 3; model++) pieces[model] = scratch.segment().asSlice(4L * CHUNK * model, 4L * CHUNK);
        long elements = models.tensor(0, name).shape().elements();
        for (long first = 0; first < elements; first += CHUNK) {
            int count = (int) Math.min(CHUNK, elements - first);
            for (int model = 0; model < 3; model++) if (needed == null || needed[model] != 0) models.tensor(model, name).readF32(first, count, pieces[model]);
            piece.run(first, count, pieces);
        }
    }

    @Override
    public void close() {
        trainer.close();
        parameters.close();
        gradients.close();
        scratch.close();
    }
}
