package io.graft.engine.kernel.backward;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Gradients of the losses of next tokens through the output head, a part of the vocabulary at a time, so that no (t, vocabulary)
 * matrix exists.
 *
 * <pre>
 *   a     = logitScale · hidden·headᵀ        z = a, capped: c·tanh(a/c)
 *   dz    = weight · (exp(z − logSumExp) − [v = target])
 *   da    = dz · (1 − (z/c)²) · logitScale
 *   dhidden += da·head           dhead += daᵀ·hidden
 * </pre>
 * Shapes: hidden, dhidden (t, n); head, dhead (vocabulary, n); logSumExp (t). A row whose target is negative has no gradient.
 */
final class CrossEntropyBackward {

    /** Vocabulary rows at a time: with 512 tokens a part of the logits is 4 MiB. */
    private static final int PART = 2048;

    private CrossEntropyBackward() {}

    static void run(Kernels kernels, Region region, Tensor hidden, Tensor head, float logitScale, float softCap, int[] targets, Tensor logSumExp, float weight,
            Tensor dHidden, Tensor dHead) {
        int rows = Math.toIntExact(hidden.shape().rows()), vocabulary = Math.toIntExact(head.shape().size(0));
        float[] logSums = new float[rows];
        kernels.download(logSumExp, logSums);
        try (Tensor scratch = kernels.allocate("a part of the logits", Shape.of(rows, Math.min(PART, vocabulary)))) {
            for (int from = 0; from < vocabulary; from += PART) {
                int count = Math.min(PART, vocabulary - from);
                Tensor part = Tensor.view(scratch.name(), DType.F32, Shape.of(rows, count), scratch.owner(), 0);
                Tensor matrix = head.rows(from, count);
                kernels.matmul(hidden, false, matrix, true, part, false);
                differentiate(region, part.segment(), rows, count, from, logitScale, softCap, targets, logSums, weight);
                if (dHidden != null) kernels.matmul(part, false, matrix, false, dHidden, true);
                if (dHead != null) kernels.matmul(part, true, hidden, false, dHead.rows(from, count), true);
            }
        }
    }

    private static void differentiate(Region region, MemorySegment part, int rows, int count, int from, float logitScale, float softCap, int[] targets, float[] logSums,
            float weight) {
        region.run(rows, row -> {
            float[] z = new float[count];
            if (targets[row] >= 0) {
                Rows.read(part, (long) row * count, z, count);
                for (int i = 0; i < count; i++) {
                    float a = z[i] * logitScale, capped = softCap > 0 ? softCap * (float) StrictMath.tanh(a / softCap) : a;
                    float slope = softCap > 0 ? 1 - capped / softCap * (capped / softCap) : 1;
                    float share = (float) StrictMath.exp(capped - logSums[row]) - (targets[row] == from + i ? 1 : 0);
                    z[i] = weight * share * slope * logitScale;
                }
            }
            Rows.write(z, part, (long) row * count, count);
        });
    }
}
