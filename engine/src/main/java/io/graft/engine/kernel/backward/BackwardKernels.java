package io.graft.engine.kernel.backward;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.memory.Tensor;
import java.util.function.IntConsumer;

/**
 * The seam of the backward pass: what an implementation of {@link io.graft.engine.kernel.Kernels} computes for {@link Gradients},
 * which says what each operation means and passes what fits. A gradient that is null is not computed.
 *
 * <p><b>Bits</b> are the same for any threads, width and implementation: sums along a row run in lanes as those of Kernels do; sums over
 * rows run in the order of rows; attention adds up over blocks of 96 query rows (queries times heads that share a key head) and over
 * blocks of 128 keys, in order, each block one chain of fused multiply-adds.
 */
public interface BackwardKernels {

    /** Query rows of a block in attention's gradients. */
    int ROWS = 96;

    /** sums += Σ_rows dy. */
    void columnSums(Tensor dy, Tensor sums);

    /** dx and dGain of a norm; centred: LayerNorm. The gain is offset + gain. */
    void norm(boolean centred, Tensor x, Tensor gain, float eps, float offset, Tensor dy, Tensor dx, Tensor dGain);

    /** dGate and dUp, replaced. */
    void gate(Activation activation, Tensor gate, Tensor up, Tensor dy, Tensor dGate, Tensor dUp);

    /** dq, dk and dv, replaced. */
    void attention(Tensor q, Tensor k, Tensor v, Tensor out, Tensor dOut, Sequences sequences, AttentionSpec spec, Tensor dq, Tensor dk, Tensor dv);

    /** dTable[ids[row]] += scale dy[row]. */
    void embed(int[] ids, float scale, Tensor dy, Tensor dTable);

    /**
     * Raw logits a (t, count) of the vocabulary from {@code from} on become their gradients: with z = a logitScale, capped,
     * weight (exp(z − logSumExp) − [target]) (1 − (z/c)²) logitScale; rows of negative targets become 0.
     */
    void logits(Tensor part, int from, float logitScale, float softCap, int[] targets, Tensor logSumExp, float weight);

    /** One step of AdamW on one tensor. */
    void adamW(Tensor parameter, Tensor gradient, Tensor firstMoment, Tensor secondMoment, AdamWStep step);

    /** {@return Σ x², in double} */
    double sumOfSquares(Tensor x);

    /** x = 0. */
    void clear(Tensor x);

    /** Runs parts 0 to {@code parts - 1}, which write to disjoint places, on the kernels' workers. */
    void parallel(int parts, IntConsumer part);
}
