package io.graft.engine.kernel.backward;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;

/**
 * Gradients of the losses of next tokens through the output head, a part of the vocabulary at a time, so that no (t, vocabulary)
 * matrix exists.
 *
 * <pre>
 *   a     = logitScale · hidden·headᵀ        z = a, capped: c·tanh(a/c)
 *   dz    = weight · (exp(z − logSumExp) − [v = target])
 *   da    = dz · (1 − (z/c)²) · logitScale
 *   dhidden += da·head           dhead += daᵀ·read, read being hidden, or the columns of it whose factors are trained
 * </pre>
 * Shapes: hidden, dhidden (t, n); head (vocabulary, n); read (t, m), dhead (vocabulary, m); logSumExp (t). A row whose target is negative has no gradient.
 */
final class CrossEntropyBackward implements AutoCloseable {

    /** Vocabulary rows at a time: with 512 tokens a part of the logits is 4 MiB. */
    private static final int PART = 2048;

    private final Kernels kernels;
    /** Used from step to step. */
    private Tensor scratch;

    CrossEntropyBackward(Kernels kernels) { this.kernels = kernels; }

    void run(Tensor hidden, Tensor head, float logitScale, float softCap, int[] targets, Tensor logSumExp, float weight, Tensor dHidden, Tensor read, Tensor dHead) {
        int rows = Math.toIntExact(hidden.shape().rows()), vocabulary = Math.toIntExact(head.shape().size(0));
        long room = (long) rows * Math.min(PART, vocabulary);
        if (scratch == null || scratch.shape().elements() < room) {
            close();
            scratch = kernels.allocate("a part of the logits", Shape.of(room));
        }
        for (int from = 0; from < vocabulary; from += PART) {
            int count = Math.min(PART, vocabulary - from);
            Tensor part = Tensor.view(scratch.name(), DType.F32, Shape.of(rows, count), scratch.owner(), 0), matrix = head.rows(from, count);
            kernels.matmul(hidden, false, matrix, true, part, false);
            kernels.backward().logits(part, from, logitScale, softCap, targets, logSumExp, weight);
            if (dHidden != null) kernels.matmul(part, false, matrix, false, dHidden, true);
            if (dHead != null) kernels.matmul(part, true, read, false, dHead.rows(from, count), true);
        }
    }

    @Override
    public void close() {
        if (scratch != null) scratch.close();
        scratch = null;
    }
}
