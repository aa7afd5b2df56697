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

    /**
     * sums += Σ_rows dy.
     *
     * @param dy   (rows, n) F32
     * @param sums (n) F32, added to
     */
    void columnSums(Tensor dy, Tensor sums);

    /**
     * The gradients of a norm along rows.
     *
     * @param centred whether the mean is taken away first (LayerNorm), else RMSNorm
     * @param x       (rows, n), what was normalised
     * @param gain    (n), any computable dtype
     * @param eps     added to the mean square or the variance
     * @param offset  added to the gain: 1 for Gemma, else 0
     * @param dy      (rows, n)
     * @param dx      (rows, n), replaced; or null
     * @param dGain   (n), added to; or null
     */
    void norm(boolean centred, Tensor x, Tensor gain, float eps, float offset, Tensor dy, Tensor dx, Tensor dGain);

    /**
     * The gradients of f(gate) · up.
     *
     * @param activation f
     * @param gate       (rows, n)
     * @param up         (rows, n)
     * @param dy         (rows, n)
     * @param dGate      (rows, n), replaced
     * @param dUp        (rows, n), replaced
     */
    void gate(Activation activation, Tensor gate, Tensor up, Tensor dy, Tensor dGate, Tensor dUp);

    /**
     * The gradients of attention, from what it read and what it gave; no matrix of queries by keys is kept.
     *
     * @param q         (rows, heads · D), rotated
     * @param k         (rows, kvHeads · D), rotated
     * @param v         (rows, kvHeads · D)
     * @param out       (rows, heads · D), the output
     * @param dOut      (rows, heads · D), its gradient
     * @param sequences which rows see which
     * @param spec      heads, scale, window and cap
     * @param dq        as q, replaced
     * @param dk        as k, replaced
     * @param dv        as v, replaced
     */
    void attention(Tensor q, Tensor k, Tensor v, Tensor out, Tensor dOut, Sequences sequences, AttentionSpec spec, Tensor dq, Tensor dk, Tensor dv);

    /**
     * dTable[ids[row]] += scale dy[row].
     *
     * @param ids    the token of each row
     * @param scale  factor on embeddings
     * @param dy     (rows, H)
     * @param dTable (V, H), added to
     */
    void embed(int[] ids, float scale, Tensor dy, Tensor dTable);

    /**
     * Raw logits a (t, count) of the vocabulary from {@code from} on become their gradients: with z = a logitScale, capped,
     * weight (exp(z − logSumExp) − [target]) (1 − (z/c)²) logitScale; rows of negative targets become 0.
     *
     * @param part       (t, count), replaced
     * @param from       the first token of the part
     * @param logitScale factor on raw logits
     * @param softCap    c; 0 for none
     * @param targets    the right token of each row; negative ones do not count
     * @param sums       (t, 3), of which the first is log Σ exp z of each row
     * @param weight     of a row's loss
     */
    void logits(Tensor part, int from, float logitScale, float softCap, int[] targets, Tensor sums, float weight);

    /**
     * Takes raw logits a (t, count) of the vocabulary from {@code from} on into running sums, z being a logitScale, capped.
     *
     * @param part       (t, count)
     * @param from       the first token of the part; with 0 the sums begin
     * @param logitScale factor on raw logits
     * @param softCap    c; 0 for none
     * @param targets    the right token of each row; negative for none
     * @param sums       (t, 3): the largest z so far, Σ exp(z − that one), the target's z once it has come
     */
    void logSumExp(Tensor part, int from, float logitScale, float softCap, int[] targets, Tensor sums);

    /**
     * One step of AdamW on one tensor.
     *
     * @param parameter    F32, replaced
     * @param gradient     of its shape
     * @param firstMoment  of its shape, replaced
     * @param secondMoment of its shape, replaced
     * @param step         rates, decay, corrections
     */
    void adamW(Tensor parameter, Tensor gradient, Tensor firstMoment, Tensor secondMoment, AdamWStep step);

    /**
     * Σ x², in double.
     *
     * @param x F32
     * @return the sum, over fixed lanes
     */
    double sumOfSquares(Tensor x);

    /**
     * x = 0.
     *
     * @param x F32
     */
    void clear(Tensor x);

    /**
     * Runs parts 0 to {@code parts - 1}, which write to disjoint places, on the kernels' workers.
     *
     * @param parts how many
     * @param part  does one of them
     */
    void parallel(int parts, IntConsumer part);
}
