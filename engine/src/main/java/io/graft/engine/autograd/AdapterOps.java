package io.graft.engine.autograd;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.AdapterMath;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;

/**
 * The operations of adapters on a {@link Tape}: maps with an update of low rank beside them, forward and gradient.
 *
 * <pre>
 *   LoRA   y = x Wᵀ + s · (drop(x) Aᵀ) Bᵀ + bias
 *   DoRA   y = (m / n) ⊙ (x Wᵀ + s · (drop(x) Aᵀ) Bᵀ) + bias,   n = ‖W + s·B·A‖₂ by row, a constant backward as the paper has it (section 4.3)
 * </pre>
 * Dropout touches what goes into the factors; PEFT's DoRA drops the input of the part of W that (m/n − 1) multiplies as well. The
 * mask is made again on the way back instead of being kept.
 */
public final class AdapterOps {

    private final Tape tape;
    private final Kernels kernels;
    private final AdapterMath math;

    /**
     * Operations of a tape.
     *
     * @param tape which records them
     */
    public AdapterOps(Tape tape) {
        this.tape = tape;
        this.kernels = tape.kernels;
        this.math = tape.gradients.adapters();
    }

    /**
     * A linear map and its update.
     *
     * @param x      (T, in)
     * @param weight (out, in)
     * @param bias   (out), or null
     * @param update its factors
     * @param key    of the dropout's random numbers
     * @return (T, out)
     */
    public Value linear(Value x, Parameter weight, Parameter bias, LowRank update, long key) {
        if (update.magnitude() == null) return lowRank(tape.linear(x, weight, bias), x, update, key);
        float[] norms = math.rowNorms(weight.value(), update.a().value(), update.b().value(), update.scale());
        return magnitude(lowRank(tape.linear(x, weight, null), x, update, key), norms, update.magnitude(), bias);
    }

    /**
     * Rows of an embedding and of its update.
     *
     * @param table  (V, H)
     * @param ids    one a row; T are read
     * @param rows   T
     * @param scale  factor on all of it
     * @param update its factors, A (r, V) and B (H, r)
     * @return (T, H)
     */
    public Value embed(Parameter table, int[] ids, int rows, float scale, LowRank update) {
        Value plain = tape.embed(table, ids, rows, scale);
        Value down = tape.value(Shape.of(rows, update.rank()), update.a().isTrained());
        math.gatherColumns(update.a().value(), ids, down.data);
        Value sum = up(plain, down, update.b(), update.scale() * scale, () -> {
            if (update.a().isTrained()) math.scatterColumns(down.gradient, ids, tape.sums(update.a()));
        });
        if (update.magnitude() == null) return sum;
        return magnitude(sum, math.columnNorms(table.value(), update.a().value(), update.b().value(), update.scale()), update.magnitude(), null);
    }

    /** y += scale · (drop(x) Aᵀ) Bᵀ. */
    private Value lowRank(Value y, Value x, LowRank update, long key) {
        Parameter a = update.a();
        Value down = tape.value(Shape.of(x.data.shape().rows(), update.rank()), x.needsGradient || a.isTrained());
        down(x, update, key, down);
        return up(y, down, update.b(), update.scale(), () -> downBackward(x, update, key, down));
    }

    private void down(Value x, LowRank update, long key, Value down) {
        Tensor in = dropped(x, update, key);
        kernels.linear(in, update.a().value(), null, down.data);
        giveUnless(x, in);
    }

    private void downBackward(Value x, LowRank update, long key, Value down) {
        Parameter a = update.a();
        if (a.isTrained()) {
            Tensor in = dropped(x, update, key);
            tape.product(down.gradient, true, in, a);
            giveUnless(x, in);
        }
        if (!x.needsGradient) return;
        if (update.dropout() == 0) {
            tape.product(down.gradient, a.value(), x);
            return;
        }
        Tensor dx = tape.pool.take(x.data.shape());
        kernels.matmul(down.gradient, false, a.value(), false, dx, false);
        math.dropout(dx, update.dropout(), key, tape.gradient(x), true);
        tape.pool.give(dx);
    }

    private Tensor dropped(Value x, LowRank update, long key) {
        if (update.dropout() == 0 || !tape.isRecording()) return x.data;
        Tensor in = tape.pool.take(x.data.shape());
        math.dropout(x.data, update.dropout(), key, in, false);
        return in;
    }

    private void giveUnless(Value x, Tensor in) {
        if (in != x.data) tape.pool.give(in);
    }

    /** y += scale · down Bᵀ, in y's place: {@code down} is scaled, and gets its gradient before {@code below} runs. */
    private Value up(Value y, Value down, Parameter b, float scale, Runnable below) {
        kernels.scale(down.data, scale, down.data);
        kernels.matmul(down.data, false, b.value(), true, y.data, true);
        Value sum = tape.inPlaceOf(y, down.needsGradient || b.isTrained());
        tape.record(sum, () -> {
            if (b.isTrained()) tape.product(sum.gradient, true, down.data, b);
            if (down.needsGradient) {
                tape.product(sum.gradient, b.value(), down);
                kernels.scale(down.gradient, scale, down.gradient);
                below.run();
            }
            tape.release(down);
            if (!y.needsGradient) return;
            y.gradient = sum.gradient; // a sum's gradient is that of its terms
            sum.gradient = null;
        });
        return sum;
    }

    /** y = (m / norm) ⊙ u + bias. */
    private Value magnitude(Value u, float[] norms, Parameter magnitude, Parameter bias) {
        boolean biasTrained = bias != null && bias.isTrained();
        float[] factor = factor(magnitude, norms);
        Value y = tape.value(u.data.shape(), u.needsGradient || magnitude.isTrained() || biasTrained);
        math.scaleColumns(u.data, factor, bias == null ? null : bias.value(), y.data, false);
        tape.record(y, () -> {
            if (biasTrained) tape.gradients.columnSums(y.gradient, tape.sums(bias));
            if (magnitude.isTrained()) math.columnDots(y.gradient, u.data, norms, tape.sums(magnitude));
            if (u.needsGradient) math.scaleColumns(y.gradient, factor, null, tape.gradient(u), true);
        });
        return y;
    }

    private float[] factor(Parameter magnitude, float[] norms) {
        float[] factor = new float[norms.length];
        kernels.download(magnitude.value(), factor);
        for (int i = 0; i < factor.length; i++) factor[i] /= norms[i];
        return factor;
    }

    /**
     * An output head and hidden states that give the logits of an adapted head.
     *
     * @param hidden (T, H + r)
     * @param head   (V, H + r); its gradient may be of the last columns alone
     * @param read   those columns of hidden that the gradient's columns of the head meet
     */
    public record Head(Value hidden, Parameter head, Value read) {}

    /**
     * An adapted output head as a plain one of more columns, {@code [h | s·drop(h)Aᵀ] · [W | B]ᵀ}, so that its losses too need no (T, V)
     * matrix. It holds a copy of the head.
     *
     * @param hidden (T, H)
     * @param head   (V, H)
     * @param update its factors
     * @param key    of the dropout's random numbers
     * @return what {@link Tape#crossEntropy} takes, once, as the next operation
     */
    public Head head(Value hidden, Parameter head, LowRank update, long key) {
        long rows = hidden.data.shape().rows(), vocabulary = head.value().shape().size(0), width = head.value().shape().size(1) + update.rank();
        int columns = Math.toIntExact(head.value().shape().size(1));
        Value down = tape.value(Shape.of(rows, update.rank()), hidden.needsGradient || update.a().isTrained());
        down(hidden, update, key, down);
        kernels.scale(down.data, update.scale(), down.data);
        Value wide = tape.value(Shape.of(rows, width), down.needsGradient);
        math.joinColumns(hidden.data, down.data, null, wide.data);
        float[] norms = update.magnitude() == null ? null : math.rowNorms(head.value(), update.a().value(), update.b().value(), update.scale());
        float[] factor = norms == null ? null : factor(update.magnitude(), norms);
        // Where B alone is trained its gradient comes straight out of the losses; rows that are scaled, or W's own, need the whole matrix's.
        boolean whole = head.isTrained() || norms != null && (update.b().isTrained() || update.magnitude().isTrained());
        Value matrix = tape.value(Shape.of(vocabulary, width), whole);
        math.joinColumns(head.value(), update.b().value(), factor, matrix.data);
        Tensor dMatrix = matrix.needsGradient ? tape.gradient(matrix) : null;
        if (tape.isRecording() && (wide.needsGradient || whole || update.b().isTrained())) tape.backward.add(() -> {
            if (dMatrix != null) headBackward(matrix, columns, norms, factor, head, update);
            tape.release(matrix);
            if (wide.needsGradient) {
                if (hidden.needsGradient) math.addColumns(wide.gradient, 0, null, tape.gradient(hidden));
                math.addColumns(wide.gradient, columns, null, tape.gradient(down));
                kernels.scale(down.gradient, update.scale(), down.gradient);
                downBackward(hidden, update, key, down);
            }
            tape.release(wide);
            tape.release(down);
        });
        String name = "adapted " + head.name();
        return new Head(wide, whole ? new Parameter(name, matrix.data, dMatrix) : Parameter.about(name, matrix.data, update.b()), whole ? wide : down);
    }

    private void headBackward(Value matrix, int columns, float[] norms, float[] factor, Parameter head, LowRank update) {
        if (head.isTrained()) math.addColumns(matrix.gradient, 0, factor, tape.sums(head));
        if (update.b().isTrained()) math.addColumns(matrix.gradient, columns, factor, tape.sums(update.b()));
        if (norms == null || !update.magnitude().isTrained()) return;
        // The matrix holds factor · [W | B], and the magnitude's gradient wants [W | B] / norm: both factors divide.
        float[] divisor = norms.clone();
        for (int i = 0; i < divisor.length; i++) divisor[i] *= factor[i];
        math.rowDots(matrix.gradient, matrix.data, divisor, tape.sums(update.magnitude()));
    }
}
