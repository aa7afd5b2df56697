package io.graft.engine.autograd;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.RopeStyle;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Records operations as they are computed, and runs them backward. Every operation stands here once: forward, what it keeps, and
 * its gradient rule. Nothing is recorded, kept or computed for what is frozen, nor below the lowest trained weight.
 *
 * <p>T is the number of rows (tokens), H a width. For one thread.
 */
public final class Tape implements AutoCloseable {

    private final Kernels kernels;
    private final Gradients gradients;
    private final Pool pool;
    private final List<Runnable> backward = new ArrayList<>();
    private final List<Value> values = new ArrayList<>();

    /**
     * An empty tape.
     *
     * @param kernels   compute forward
     * @param gradients compute backward
     */
    public Tape(Kernels kernels, Gradients gradients) {
        this.kernels = kernels;
        this.gradients = gradients;
        this.pool = new Pool(kernels);
    }

    /**
     * Rows of an embedding.
     *
     * @param table (V, H)
     * @param ids   one a row; T are read
     * @param rows  T
     * @param scale factor on them
     * @return (T, H)
     */
    public Value embed(Parameter table, int[] ids, int rows, float scale) {
        Value y = value(Shape.of(rows, table.value().shape().columns()), table.isTrained());
        kernels.embed(table.value(), ids, scale, y.data);
        record(y, () -> gradients.embed(ids, scale, y.gradient, table.gradient()));
        return y;
    }

    /**
     * y = x Wᵀ + bias.
     *
     * @param x      (T, in)
     * @param weight (out, in)
     * @param bias   (out), or null
     * @return (T, out)
     */
    public Value linear(Value x, Parameter weight, Parameter bias) {
        boolean biasTrained = bias != null && bias.isTrained();
        Value y = value(Shape.of(x.data.shape().rows(), weight.value().shape().size(0)), x.needsGradient || weight.isTrained() || biasTrained);
        kernels.linear(x.data, weight.value(), bias == null ? null : bias.value(), y.data);
        record(y, () -> {
            if (weight.isTrained()) kernels.matmul(y.gradient, true, x.data, false, weight.gradient(), true);
            if (biasTrained) gradients.columnSums(y.gradient, bias.gradient());
            if (x.needsGradient) kernels.matmul(y.gradient, false, weight.value(), false, gradient(x), true);
        });
        return y;
    }

    /**
     * y += scale · (x Aᵀ) Bᵀ: LoRA beside a linear map (Hu et al. 2021, arXiv:2106.09685).
     *
     * @param y     (T, out), changed
     * @param x     (T, in), what the map has read
     * @param a     (r, in)
     * @param b     (out, r)
     * @param scale alpha / r, or alpha / √r
     * @return y with the update, in the place of the old one
     */
    public Value lowRank(Value y, Value x, Parameter a, Parameter b, float scale) {
        Value down = value(Shape.of(x.data.shape().rows(), a.value().shape().size(0)), x.needsGradient || a.isTrained());
        kernels.linear(x.data, a.value(), null, down.data);
        kernels.scale(down.data, scale, down.data);
        kernels.matmul(down.data, false, b.value(), true, y.data, true);
        Value sum = new Value(y.data, y.needsGradient || down.needsGradient || b.isTrained());
        if (sum.needsGradient) backward.add(() -> {
            if (sum.gradient == null) return;
            if (b.isTrained()) kernels.matmul(sum.gradient, true, down.data, false, b.gradient(), true);
            if (down.needsGradient) {
                kernels.matmul(sum.gradient, false, b.value(), false, gradient(down), true);
                kernels.scale(down.gradient, scale, down.gradient);
                if (a.isTrained()) kernels.matmul(down.gradient, true, x.data, false, a.gradient(), true);
                if (x.needsGradient) kernels.matmul(down.gradient, false, a.value(), false, gradient(x), true);
            }
            // The two share their values, which go back with y's; the gradient is y's too.
            if (y.needsGradient) y.gradient = sum.gradient;
            else pool.give(sum.gradient);
            sum.gradient = null;
        });
        return sum;
    }

    /**
     * RMSNorm over rows of the gain's length.
     *
     * @param x          rows of n
     * @param gain       (n)
     * @param eps        added to the mean square
     * @param unitOffset whether 1 is added to the gain
     * @return like x
     */
    public Value rmsNorm(Value x, Parameter gain, float eps, boolean unitOffset) {
        Value y = value(x.data.shape(), x.needsGradient || gain.isTrained());
        kernels.rmsNorm(x.data, gain.value(), eps, unitOffset, y.data);
        record(y, () -> gradients.rmsNorm(x.data, gain.value(), eps, unitOffset, y.gradient, gradientOrNull(x), gain.gradient()));
        return y;
    }

    /**
     * LayerNorm without bias over rows of the gain's length.
     *
     * @param x    rows of n
     * @param gain (n)
     * @param eps  added to the variance
     * @return like x
     */
    public Value layerNorm(Value x, Parameter gain, float eps) {
        Value y = value(x.data.shape(), x.needsGradient || gain.isTrained());
        kernels.layerNorm(x.data, gain.value(), eps, y.data);
        record(y, () -> gradients.layerNorm(x.data, gain.value(), eps, y.gradient, gradientOrNull(x), gain.gradient()));
        return y;
    }

    /**
     * Rotates the heads of x in place. A rotation's gradient is the rotation back.
     *
     * @param x       (T, heads · headDim), changed; nothing recorded before may need its old values
     * @param headDim of a head
     * @param angles  cosines, sines and their negatives, one row of each a row of x
     * @param style   which elements are a pair
     */
    public void rope(Value x, int headDim, Angles angles, RopeStyle style) {
        kernels.rope(x.data, headDim, angles.cos(), angles.sin(), angles.rows(), style);
        if (x.needsGradient) backward.add(() -> kernels.rope(x.gradient, headDim, angles.cos(), angles.minusSin(), angles.rows(), style));
    }

    /**
     * The tables of a rotation.
     *
     * @param cos      (T, half)
     * @param sin      (T, half)
     * @param minusSin (T, half), −sin
     * @param rows     0 to T − 1
     */
    public record Angles(Tensor cos, Tensor sin, Tensor minusSin, int[] rows) {}

    /**
     * Causal attention.
     *
     * @param q         (T, heads · headDim)
     * @param k         (T, kvHeads · headDim)
     * @param v         like k
     * @param sequences which rows belong together; they cover all rows
     * @param spec      heads, scale, window, cap
     * @return like q
     */
    public Value attention(Value q, Value k, Value v, Sequences sequences, AttentionSpec spec) {
        Value y = value(q.data.shape(), q.needsGradient || k.needsGradient || v.needsGradient);
        kernels.attention(q.data, k.data, v.data, sequences, spec, y.data);
        record(y, () -> {
            // All three come out of one pass over the scores; those that nobody needs go back to the pool.
            Tensor dq = pool.take(q.data.shape()), dk = pool.take(k.data.shape()), dv = pool.take(v.data.shape());
            gradients.attention(q.data, k.data, v.data, y.data, y.gradient, sequences, spec, dq, dk, dv);
            addOrGive(q, dq);
            addOrGive(k, dk);
            addOrGive(v, dv);
        });
        return y;
    }

    /**
     * activation(gate) · up.
     *
     * @param activation SwiGLU's or GeGLU's
     * @param gate       any shape
     * @param up         like gate
     * @return like gate
     */
    public Value gate(Activation activation, Value gate, Value up) {
        Value y = value(gate.data.shape(), gate.needsGradient || up.needsGradient);
        kernels.gate(activation, gate.data, up.data, y.data);
        record(y, () -> {
            Tensor dGate = pool.take(gate.data.shape()), dUp = pool.take(up.data.shape());
            gradients.gate(activation, gate.data, up.data, y.gradient, dGate, dUp);
            addOrGive(gate, dGate);
            addOrGive(up, dUp);
        });
        return y;
    }

    /**
     * a + b.
     *
     * @param a any shape
     * @param b like a
     * @return like a
     */
    public Value add(Value a, Value b) {
        Value y = value(a.data.shape(), a.needsGradient || b.needsGradient);
        kernels.add(a.data, b.data, 1, y.data);
        record(y, () -> {
            if (a.needsGradient) kernels.add(gradient(a), y.gradient, 1, a.gradient);
            if (b.needsGradient) kernels.add(gradient(b), y.gradient, 1, b.gradient);
        });
        return y;
    }

    /**
     * The sum of next-token losses; {@link #backward} starts from it.
     *
     * @param hidden     (T, H)
     * @param head       (V, H)
     * @param logitScale factor on logits
     * @param softCap    their cap; 0 for none
     * @param targets    T ids; a negative one is not counted
     * @param weight     of every counted loss in what is differentiated, such as 1 / their number
     * @return Σ loss, not weighted, in double
     */
    public double crossEntropy(Value hidden, Parameter head, float logitScale, float softCap, int[] targets, float weight) {
        int rows = Math.toIntExact(hidden.data.shape().rows());
        Tensor loss = pool.take(Shape.of(rows)), logSumExp = pool.take(Shape.of(rows));
        kernels.crossEntropy(hidden.data, head.value(), logitScale, softCap, targets, loss, logSumExp, null);
        float[] losses = new float[rows];
        kernels.download(loss, losses);
        pool.give(loss);
        if (hidden.needsGradient || head.isTrained())
            backward.add(() -> {
                gradients.crossEntropy(hidden.data, head.value(), logitScale, softCap, targets, logSumExp, weight, gradientOrNull(hidden), head.gradient());
                pool.give(logSumExp);
            });
        else pool.give(logSumExp);
        double sum = 0;
        for (float each : losses) sum += each;
        return sum;
    }

    /** Adds to the gradients of all trained parameters, newest operation first, and clears the tape. */
    public void backward() {
        for (int i = backward.size() - 1; i >= 0; i--) backward.get(i).run();
        clear();
    }

    /** Forgets everything recorded, and takes the memory back. */
    public void clear() {
        backward.clear();
        for (Value value : values) release(value);
        values.clear();
    }

    /** Frees the memory. */
    @Override
    public void close() { pool.close(); }

    private Value value(Shape shape, boolean needsGradient) {
        Value value = new Value(pool.take(shape), needsGradient);
        values.add(value);
        return value;
    }

    /**
     * An operation runs backward only if its result's gradient is wanted and has arrived. Whatever reads the result has run
     * backward before, so its memory goes back at once: few gradients live at a time.
     */
    private void record(Value y, Runnable rule) {
        if (!y.needsGradient) return;
        backward.add(() -> {
            if (y.gradient != null) rule.run();
            release(y);
        });
    }

    private void release(Value value) {
        if (!value.released) pool.give(value.data);
        value.released = true;
        if (value.gradient != null) pool.give(value.gradient);
        value.gradient = null;
    }

    private Tensor gradient(Value x) {
        if (x.gradient == null) x.gradient = pool.takeZeros(x.data.shape());
        return x.gradient;
    }

    private Tensor gradientOrNull(Value x) { return x.needsGradient ? gradient(x) : null; }

    private void addOrGive(Value x, Tensor made) {
        if (!x.needsGradient) pool.give(made);
        else if (x.gradient == null) x.gradient = made;
        else {
            kernels.add(x.gradient, made, 1, x.gradient);
            pool.give(made);
        }
    }
}
