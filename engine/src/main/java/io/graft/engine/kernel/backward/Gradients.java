package io.graft.engine.kernel.backward;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;

/**
 * The backward passes that are no matrix products, and the optimizer's step: what {@link Kernels} is for the forward pass. Shapes
 * as there; all tensors F32 but gains and heads, which may be of any computable type. A gradient that is null is not computed.
 *
 * <p>The same bits for any number of threads and on any machine. For one thread at a time.
 */
public final class Gradients implements AutoCloseable {

    private final HeadLoss losses;
    private final Kernels kernels;
    private final BackwardKernels backward;

    /**
     * Gradients that the kernels' own workers compute.
     *
     * @param kernels which multiply matrices; open as long as these are used
     */
    public Gradients(Kernels kernels) {
        this.kernels = kernels;
        backward = kernels.backward();
        losses = new HeadLoss(kernels);
    }

    /**
     * sums += Σ_rows dy: the gradient of a bias.
     *
     * @param dy   (t, n)
     * @param sums (n)
     */
    public void columnSums(Tensor dy, Tensor sums) { backward.columnSums(dy, sums); }

    /**
     * Adds to dx and dGain the gradients of {@link Kernels#rmsNorm}.
     *
     * @param x          its input
     * @param gain       (n)
     * @param eps        as there
     * @param unitOffset as there
     * @param dy         the gradient of its output
     * @param dx         like x, added to; or null
     * @param dGain      (n), added to; or null
     */
    public void rmsNorm(Tensor x, Tensor gain, float eps, boolean unitOffset, Tensor dy, Tensor dx, Tensor dGain) {
        backward.norm(false, x, gain, eps, unitOffset ? 1 : 0, dy, dx, dGain);
    }

    /**
     * Adds to dx and dGain the gradients of {@link Kernels#layerNorm}.
     *
     * @param x     its input
     * @param gain  (n)
     * @param eps   as there
     * @param dy    the gradient of its output
     * @param dx    like x, added to; or null
     * @param dGain (n), added to; or null
     */
    public void layerNorm(Tensor x, Tensor gain, float eps, Tensor dy, Tensor dx, Tensor dGain) {
        backward.norm(true, x, gain, eps, 0, dy, dx, dGain);
    }

    /**
     * The gradients of {@link Kernels#gate}.
     *
     * @param activation as there
     * @param gate       its input
     * @param up         its other input
     * @param dy         the gradient of its output
     * @param dGate      like gate, replaced; may be dy
     * @param dUp        like up, replaced; not dGate
     */
    public void gate(Activation activation, Tensor gate, Tensor up, Tensor dy, Tensor dGate, Tensor dUp) {
        backward.gate(activation, gate, up, dy, dGate, dUp);
    }

    /**
     * The gradients of {@link Kernels#attention}. Rows outside of all sequences keep their values.
     *
     * @param q         its input
     * @param k         its input
     * @param v         its input
     * @param out       its output
     * @param dOut      the gradient of that
     * @param sequences as there; no two share a key
     * @param spec      as there
     * @param dq        like q, replaced
     * @param dk        like k, replaced
     * @param dv        like v, replaced
     */
    public void attention(Tensor q, Tensor k, Tensor v, Tensor out, Tensor dOut, Sequences sequences, AttentionSpec spec, Tensor dq, Tensor dk, Tensor dv) {
        backward.attention(q, k, v, out, dOut, sequences, spec, dq, dk, dv);
    }

    /**
     * Adds to dTable the gradient of {@link Kernels#embed}.
     *
     * @param ids    its input, as many as dy has rows are read
     * @param scale  as there
     * @param dy     the gradient of its output
     * @param dTable (vocabulary, n), added to
     */
    public void embed(int[] ids, float scale, Tensor dy, Tensor dTable) { backward.embed(ids, scale, dy, dTable); }

    /**
     * The losses of {@link Kernels#crossEntropy}, and the gradients of {@code weight · Σ loss}.
     *
     * @param hidden     its input
     * @param head       its input
     * @param logitScale as there
     * @param softCap    as there
     * @param targets    as there
     * @param weight     factor on the losses, such as 1 / their number
     * @param scratch    of the shape that {@link #scratch} says; its values are lost
     * @param dHidden    of a tensor like hidden; or null
     * @param read       (t, m), the columns of hidden that those of the head meet which are trained; hidden if all are
     * @param dHead      of a tensor (vocabulary, m); or null
     * @return Σ loss, not weighted, in double
     */
    public double crossEntropy(Tensor hidden, Tensor head, float logitScale, float softCap, int[] targets, float weight, Tensor scratch, Sink dHidden, Tensor read, Sink dHead) {
        return losses.run(hidden, head, logitScale, softCap, targets, weight, scratch, dHidden, read, dHead);
    }

    /**
     * What {@link #crossEntropy} needs to work in.
     *
     * @param hidden its input
     * @param head   its input
     * @return a shape, of at most 256 rows of logits
     */
    public static Shape scratch(Tensor hidden, Tensor head) { return HeadLoss.scratch(hidden, head); }

    /**
     * One step of AdamW on one tensor.
     *
     * @param parameter     its values, updated
     * @param gradient      like parameter
     * @param firstMoment   like parameter, updated
     * @param secondMoment  like parameter, updated
     * @param step          its numbers
     */
    public void adamW(Tensor parameter, Tensor gradient, Tensor firstMoment, Tensor secondMoment, AdamWStep step) {
        backward.adamW(parameter, gradient, firstMoment, secondMoment, step);
    }

    /**
     * The sum of squares, in double.
     *
     * @param gradient any shape
     * @return Σ g²
     */
    public double sumOfSquares(Tensor gradient) { return backward.sumOfSquares(gradient); }

    /**
     * x = 0.
     *
     * @param x any shape
     */
    public void clear(Tensor x) { backward.clear(x); }

    /** {@return what adapters need beside these, on the same workers} */
    public AdapterMath adapters() { return new AdapterMath(kernels, backward::parallel); }

    /** Frees the scratch memory. */
    @Override
    public void close() { losses.close(); }
}
