package io.graft.engine.kernel.backward;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;

/**
 * Losses of next tokens and their gradients through the output head. The logits of {@link #ROWS} tokens are made once and become their
 * own gradients where they are: a product of the head less than where the way back computes them again (7 % of a step of SmolLM2-135M),
 * and no (T, vocabulary) matrix. They lie in parts of {@link #PART} tokens of the vocabulary, each a matrix of its own.
 *
 * <pre>
 *   a     = logitScale · hidden·headᵀ        z = a, capped: c·tanh(a/c)        loss = log Σ exp z − z[target]
 *   dz    = weight · (exp z / Σ exp z − [v = target])
 *   da    = dz · (1 − (z/c)²) · logitScale
 *   dhidden += da·head           dhead += daᵀ·read, read being hidden, or the columns of it whose factors are trained
 * </pre>
 * Shapes: hidden, dhidden (t, n); head (vocabulary, n); read (t, m), dhead (vocabulary, m). A row whose target is negative has neither
 * loss nor gradient. Losses have the bits of {@link Kernels#crossEntropy}.
 */
final class HeadLoss implements AutoCloseable {

    /** Tokens at a time: a block along k of the head's gradient, so that its bits are those of one product over all tokens. */
    private static final int ROWS = Kernels.BLOCK;
    /** Tokens of the vocabulary in a part: as many as {@link Kernels#crossEntropy} adds up in lanes at a time. */
    private static final int PART = 4096;

    private final Kernels kernels;
    /** Of some tokens: largest logit, Σ exp beside it, the target's logit. */
    private final Tensor sums;

    HeadLoss(Kernels kernels) {
        this.kernels = kernels;
        sums = kernels.allocate("sums of logits", Shape.of(ROWS, 3));
    }

    static Shape scratch(Tensor hidden, Tensor head) { return Shape.of(Math.min(ROWS, hidden.shape().rows()) * head.shape().size(0)); }

    double run(Tensor hidden, Tensor head, float logitScale, float softCap, int[] targets, float weight, Tensor scratch, Sink dHidden, Tensor read, Sink dHead) {
        int rows = Math.toIntExact(hidden.shape().rows()), vocabulary = Math.toIntExact(head.shape().size(0));
        boolean few = rows <= Kernels.FEW;
        double loss = 0;
        for (int first = 0; first < rows; first += ROWS) {
            int count = Math.min(ROWS, rows - first);
            int[] wanted = new int[count];
            System.arraycopy(targets, first, wanted, 0, count);
            Tensor some = hidden.rows(first, count), state = sums.rows(0, count);
            for (int from = 0; from < vocabulary; from += PART) {
                Tensor part = part(scratch, count, from, vocabulary), matrix = head.rows(from, part.shape().size(1));
                if (few) kernels.linear(some, matrix, null, part); // as the losses alone are computed
                else kernels.matmul(some, false, matrix, true, part, false);
                kernels.backward().logSumExp(part, from, logitScale, softCap, wanted, state);
            }
            loss += losses(state, wanted);
            for (int from = 0; from < vocabulary; from += PART) {
                Tensor part = part(scratch, count, from, vocabulary);
                kernels.backward().logits(part, from, logitScale, softCap, wanted, state, weight);
                if (dHidden != null) kernels.matmul(part, false, head.rows(from, part.shape().size(1)), false, dHidden.to().rows(first, count), dHidden.add() || from > 0);
                if (dHead != null) kernels.matmul(part, true, read.rows(first, count), false, dHead.to().rows(from, part.shape().size(1)), dHead.add() || first > 0);
            }
        }
        return loss;
    }

    private static Tensor part(Tensor scratch, int rows, int from, int vocabulary) {
        int columns = Math.min(PART, vocabulary - from);
        return scratch.rows((long) rows * from, (long) rows * columns).reshape(Shape.of(rows, columns));
    }

    /** Σ of the losses, each rounded; what state has of the largest logit becomes the logarithm of the whole sum. */
    private double losses(Tensor state, int[] targets) {
        float[] numbers = new float[3 * targets.length];
        kernels.download(state, numbers);
        double loss = 0;
        for (int row = 0; row < targets.length; row++) {
            double all = numbers[3 * row] + StrictMath.log(numbers[3 * row + 1]);
            if (targets[row] >= 0) loss += (float) (all - numbers[3 * row + 2]);
            numbers[3 * row] = (float) all;
        }
        kernels.upload(numbers, state);
        return loss;
    }

    @Override
    public void close() { sums.close(); }
}
