package io.graft.engine.autograd;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.RopeStyle;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.kernel.backward.Sink;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Records operations as they are computed, and runs them backward. Every operation stands here once: forward, what it keeps, and
 * its gradient rule. Nothing is recorded, kept or computed for what is frozen, nor below the lowest trained weight.
 *
 * <p>T is the number of rows (tokens), H a width. For one thread.
 */
public final class Tape implements AutoCloseable {

    final Kernels kernels;
    final Gradients gradients;
    final Pool pool;
    final List<Runnable> backward = new ArrayList<>();
    private final List<Value> values = new ArrayList<>();
    private boolean recording = true;

    /**
     * An empty tape.
     *
     * @param kernels   compute forward
     * @param gradients compute backward
     */
    public Tape(Kernels kernels, Gradients gradients) {
        this.kernels = kernels;
        this.gradients = gradients;
        this.pool = new Pool(kernels, gradients);
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
        record(y, () -> gradients.embed(ids, scale, y.gradient, sums(table)));
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
            if (weight.isTrained()) product(y.gradient, true, x.data, weight);
            if (biasTrained) gradients.columnSums(y.gradient, sums(bias));
            if (x.needsGradient) product(y.gradient, weight.value(), x);
        });
        return y;
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
        record(y, () -> gradients.rmsNorm(x.data, gain.value(), eps, unitOffset, y.gradient, gradientOrNull(x), sumsOrNull(gain)));
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
        record(y, () -> gradients.layerNorm(x.data, gain.value(), eps, y.gradient, gradientOrNull(x), sumsOrNull(gain)));
        return y;
    }

    /**
     * Rotates the heads of x in place. A rotation's gradient is the rotation back.
     *
     * @param x       (T, heads · headDim), changed; nothing recorded before may need its old values
     * @param headDim of a head
     * @param angles  cosines, sines and their negatives, and which row of each a row of x takes
     * @param style   which elements are a pair
     */
    public void rope(Value x, int headDim, Angles angles, RopeStyle style) {
        kernels.rope(x.data, headDim, angles.cos(), angles.sin(), angles.rows(), style);
        if (x.needsGradient) backward.add(() -> kernels.rope(x.gradient, headDim, angles.cos(), angles.minusSin(), angles.rows(), style));
    }

    /**
     * The tables of a rotation.
     *
     * @param cos      (positions, half)
     * @param sin      (positions, half)
     * @param minusSin (positions, half), −sin
     * @param rows     T positions
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
        record(y, () -> addBackward(a, b, y));
        return y;
    }

    /**
     * a + b in b's place, which no operation may need: neither that which made b for its own gradient, nor another that has read it.
     *
     * @param a any shape
     * @param b like a, what a linear map or a norm has given
     * @return like a
     */
    public Value addInto(Value a, Value b) {
        kernels.add(a.data, b.data, 1, b.data);
        Value y = inPlaceOf(b, a.needsGradient);
        record(y, () -> addBackward(a, b, y));
        return y;
    }

    /** A sum's gradient is that of its terms: one gets a copy, the other the gradient itself. */
    private void addBackward(Value a, Value b, Value y) {
        if (a.needsGradient) {
            Sink sink = sink(a);
            if (sink.add()) kernels.add(a.gradient, y.gradient, 1, a.gradient);
            else kernels.copy(y.gradient, a.gradient);
        }
        if (!b.needsGradient) return;
        addOrGive(b, y.gradient);
        y.gradient = null;
    }

    /**
     * The sum of next-token losses. Gradients by hidden and head are made at once, while the logits are at hand; {@link #backward} goes on
     * from there.
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
        return crossEntropy(new AdapterOps.Head(hidden, head, hidden), logitScale, softCap, targets, weight);
    }

    /**
     * The same of an adapted head.
     *
     * @param adapted    what {@link AdapterOps#head} has made, just now
     * @param logitScale factor on logits
     * @param softCap    their cap; 0 for none
     * @param targets    T ids; a negative one is not counted
     * @param weight     of every counted loss in what is differentiated
     * @return Σ loss, not weighted, in double
     */
    public double crossEntropy(AdapterOps.Head adapted, float logitScale, float softCap, int[] targets, float weight) {
        Value hidden = adapted.hidden(), read = adapted.read();
        Parameter head = adapted.head();
        if (!recording || !hidden.needsGradient && !head.isTrained()) return lossAlone(hidden.data, head.value(), logitScale, softCap, targets);
        Tensor scratch = pool.take(Gradients.scratch(hidden.data, head.value()));
        Sink dHidden = hidden.needsGradient ? sink(hidden) : null, dHead = head.isTrained() ? sink(head) : null;
        double loss = gradients.crossEntropy(hidden.data, head.value(), logitScale, softCap, targets, weight, scratch, dHidden, read.data, dHead);
        pool.give(scratch);
        return loss;
    }

    private double lossAlone(Tensor hidden, Tensor head, float logitScale, float softCap, int[] targets) {
        int rows = Math.toIntExact(hidden.shape().rows());
        Tensor loss = pool.take(Shape.of(rows)), logSumExp = pool.take(Shape.of(rows));
        kernels.crossEntropy(hidden, head, logitScale, softCap, targets, loss, logSumExp, null);
        float[] losses = new float[rows];
        kernels.download(loss, losses);
        pool.give(loss);
        pool.give(logSumExp);
        double sum = 0;
        for (float each : losses) sum += each;
        return sum;
    }

    /**
     * Chooses whether gradients will be wanted of what is computed from now on.
     *
     * @param wanted false to compute losses alone, without dropout and in little memory
     */
    public void record(boolean wanted) { recording = wanted; }

    boolean isRecording() { return recording; }

    /**
     * A part of a model that reads one value and gives one. What it computes in between is forgotten where nothing in it is trained
     * nor anything below, and, if asked, where something is: it is then computed again on the way back, with the same bits, for
     * less memory (Chen et al. 2016, arXiv:1604.06174).
     *
     * @param input     what it reads; read by nothing after it
     * @param recompute whether to compute it twice
     * @param part      computes it, the same each time
     * @return its result
     */
    public Value part(Value input, boolean recompute, UnaryOperator<Value> part) {
        int rules = backward.size(), first = values.size();
        Value made = part.apply(input);
        if (made.needsGradient && !recompute) return made;
        while (backward.size() > rules) backward.removeLast();
        forget(first, made.data);
        Value kept = new Value(made.data, made.needsGradient);
        values.add(kept);
        if (!kept.needsGradient) release(input);
        else record(kept, () -> {
            pool.give(kept.data); // whatever reads it has run backward
            kept.released = true;
            int rulesNow = backward.size(), firstNow = values.size();
            Value again = part.apply(input);
            again.gradient = kept.gradient;
            kept.gradient = null;
            runBackwardTo(rulesNow);
            forget(firstNow, null);
        });
        return kept;
    }

    /** Takes back the memory of values from a place on, but for that of one tensor. */
    private void forget(int first, Tensor but) {
        List<Value> rest = values.subList(first, values.size());
        for (Value value : rest) if (value.data != but) release(value);
        rest.clear();
    }

    /** Adds to the gradients of all trained parameters, newest operation first, and clears the tape. */
    public void backward() {
        runBackwardTo(0);
        clear();
    }

    private void runBackwardTo(int rules) {
        while (backward.size() > rules) backward.removeLast().run();
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

    Value value(Shape shape, boolean needsGradient) {
        Value value = new Value(pool.take(shape), needsGradient && recording);
        values.add(value);
        return value;
    }

    /** A value that an operation has made of another in its memory, which it takes over. */
    Value inPlaceOf(Value old, boolean needsGradient) {
        Value value = new Value(old.data, old.needsGradient || needsGradient && recording);
        old.released = true;
        values.add(value);
        return value;
    }

    /**
     * An operation runs backward only if its result's gradient is wanted and has arrived. Whatever reads the result has run
     * backward before, so its memory goes back at once: few gradients live at a time.
     */
    void record(Value y, Runnable rule) {
        if (!y.needsGradient) return;
        backward.add(() -> {
            if (y.gradient != null) rule.run();
            release(y);
        });
    }

    void release(Value value) {
        if (!value.released) pool.give(value.data);
        value.released = true;
        if (value.gradient != null) pool.give(value.gradient);
        value.gradient = null;
    }

    /** A gradient to add to. */
    Tensor gradient(Value x) {
        if (x.gradient == null) x.gradient = pool.takeZeros(x.data.shape());
        return x.gradient;
    }

    /** x's gradient += a b: the first to come is written, not added to zeros. */
    void product(Tensor a, Tensor b, Value x) {
        Sink sink = sink(x);
        kernels.matmul(a, false, b, false, sink.to(), sink.add());
    }

    private Sink sink(Value x) {
        boolean first = x.gradient == null;
        if (first) x.gradient = pool.take(x.data.shape());
        return new Sink(x.gradient, !first);
    }

    /** The same of a parameter. */
    void product(Tensor a, boolean transposed, Tensor b, Parameter parameter) {
        Sink sink = sink(parameter);
        kernels.matmul(a, transposed, b, false, sink.to(), sink.add());
    }

    private Sink sink(Parameter parameter) {
        boolean first = !parameter.hasGradient();
        if (first) parameter.putGradient(pool.take(parameter.gradientShape()));
        return new Sink(parameter.gradient(), !first);
    }

    /** A parameter's gradient to add to. */
    Tensor sums(Parameter parameter) {
        if (!parameter.hasGradient()) parameter.putGradient(pool.takeZeros(parameter.gradientShape()));
        return parameter.gradient();
    }

    private Tensor sumsOrNull(Parameter parameter) { return parameter.isTrained() ? sums(parameter) : null; }

    /**
     * Makes the gradient of a parameter that no operation has read zero.
     *
     * @param parameter one that is trained
     */
    public void complete(Parameter parameter) { sums(parameter); }

    /**
     * Takes the memory of a gradient back.
     *
     * @param parameter whose gradient is needed no more
     */
    public void forget(Parameter parameter) {
        Tensor gradient = parameter.takeGradient();
        if (gradient != null) pool.give(gradient);
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
