package io.graft.engine.profile;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.kernel.backward.AdamWStep;
import io.graft.engine.kernel.backward.BackwardKernels;
import io.graft.engine.memory.Tensor;
import java.util.function.IntConsumer;

/** The backward pass with every launch noted. */
final class ProfiledBackward implements BackwardKernels {

    private final BackwardKernels backward;
    private final ProfiledKernels notes;

    ProfiledBackward(BackwardKernels backward, ProfiledKernels notes) {
        this.backward = backward;
        this.notes = notes;
    }

    private void note(String operation, Tensor shape, long flops, Runnable work, Tensor... touched) {
        notes.launch(operation, shape.shape().toString(), ProfiledKernels.bytes(touched), flops, work);
    }

    @Override
    public void columnSums(Tensor dy, Tensor sums) { note("columnSums", dy, dy.shape().elements(), () -> backward.columnSums(dy, sums), dy, sums); }

    @Override
    public void norm(boolean centred, Tensor x, Tensor gain, float eps, float offset, Tensor dy, Tensor dx, Tensor dGain) {
        note(centred ? "layerNorm backward" : "rmsNorm backward", x, 12 * x.shape().elements(), () -> backward.norm(centred, x, gain, eps, offset, dy, dx, dGain), x, gain, dy, dx, dGain);
    }

    @Override
    public void gate(Activation activation, Tensor gate, Tensor up, Tensor dy, Tensor dGate, Tensor dUp) {
        note("gate backward", gate, 30 * gate.shape().elements(), () -> backward.gate(activation, gate, up, dy, dGate, dUp), gate, up, dy, dGate, dUp);
    }

    @Override
    public void attention(Tensor q, Tensor k, Tensor v, Tensor out, Tensor dOut, Sequences sequences, AttentionSpec spec, Tensor dq, Tensor dk, Tensor dv) {
        long pairs = 0;
        for (int s = 0; s < sequences.count(); s++) pairs += sequences.queries(s) * (2L * sequences.keys(s) - sequences.queries(s) + 1) / 2;
        note("attention backward", q, 10 * pairs * spec.heads() * spec.headDim(), () -> backward.attention(q, k, v, out, dOut, sequences, spec, dq, dk, dv), q, k, v, out, dOut,
                dq, dk, dv);
    }

    @Override
    public void embed(int[] ids, float scale, Tensor dy, Tensor dTable) { note("embed backward", dy, 2 * dy.shape().elements(), () -> backward.embed(ids, scale, dy, dTable), dy, dy, dy); }

    @Override
    public void logits(Tensor part, int from, float logitScale, float softCap, int[] targets, Tensor sums, float weight) {
        note("crossEntropy backward", part, 20 * part.shape().elements(), () -> backward.logits(part, from, logitScale, softCap, targets, sums, weight), part, part);
    }

    @Override
    public void logSumExp(Tensor part, int from, float logitScale, float softCap, int[] targets, Tensor sums) {
        note("logSumExp", part, 20 * part.shape().elements(), () -> backward.logSumExp(part, from, logitScale, softCap, targets, sums), part);
    }

    @Override
    public void adamW(Tensor parameter, Tensor gradient, Tensor firstMoment, Tensor secondMoment, AdamWStep step) {
        note("adamW", parameter, 14 * parameter.shape().elements(), () -> backward.adamW(parameter, gradient, firstMoment, secondMoment, step), parameter, parameter, gradient,
                firstMoment, firstMoment, secondMoment, secondMoment);
    }

    @Override
    public double sumOfSquares(Tensor x) {
        double[] sum = new double[1];
        note("sumOfSquares", x, 2 * x.shape().elements(), () -> sum[0] = backward.sumOfSquares(x), x);
        return sum[0];
    }

    @Override
    public void clear(Tensor x) { note("clear", x, 0, () -> backward.clear(x), x); }

    @Override
    public void parallel(int parts, IntConsumer part) { backward.parallel(parts, part); }
}
