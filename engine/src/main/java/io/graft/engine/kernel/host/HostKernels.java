package io.graft.engine.kernel.host;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.RopeStyle;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.kernel.backward.BackwardKernels;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.lang.foreign.MemorySegment;

/** Kernels in host memory: checks every operand, holds it while workers run the {@link Arithmetic}, and explains faults. */
public final class HostKernels implements Kernels {

    private final String description;
    private final Region region;
    private final Products products;
    private final RowWork rows;
    private final AttentionWork attention;
    private final LossWork losses;
    private final HostBackward backward;

    /**
     * Starts the workers.
     *
     * @param description what this is
     * @param math        the loops
     * @param threads     how many work, the caller included
     */
    public HostKernels(String description, Arithmetic math, int threads) {
        this.description = description;
        region = new Region(math, threads);
        products = new Products(region);
        rows = new RowWork(region);
        attention = new AttentionWork(region);
        losses = new LossWork(region, products);
        backward = new HostBackward(region);
    }

    @Override
    public String description() { return description; }

    @Override
    public int threads() { return region.workers.threads(); }

    @Override
    public Tensor allocate(String name, Shape shape) { return Tensor.allocate(name, DType.F32, shape); }

    @Override
    public Tensor upload(Tensor stored) {
        Checks.computable("upload", stored);
        return stored;
    }

    @Override
    public void upload(float[] from, Tensor to) {
        Checks.writable("upload", to);
        Checks.length("upload", "floats", from.length, Math.toIntExact(to.shape().elements()));
        to.acquire();
        try {
            MemorySegment.copy(from, 0, to.segment(), JAVA_FLOAT_UNALIGNED, 0, (int) to.shape().elements());
        } finally {
            to.release();
        }
    }

    @Override
    public void download(Tensor from, float[] to) {
        Checks.computable("download", from);
        Checks.length("download", "floats", to.length, Math.toIntExact(from.shape().elements()));
        region.enter(from, null, null, null);
        try {
            MemorySegment bytes = from.segment();
            for (int i = 0; i < from.shape().elements(); i++) to[i] = Widen.element(from.dtype(), bytes, 0, i);
        } catch (InternalError error) {
            throw region.explain(error);
        } finally {
            region.leave();
        }
    }

    @Override
    public void copy(Tensor from, Tensor to) {
        Checks.single("copy", from);
        Checks.writable("copy", to);
        if (from.shape().elements() != to.shape().elements()) throw Checks.unfit("copy", to, from, from.shape().elements() + " elements");
        region.enter(from, null, null, to);
        try {
            rows.scale(from.shape().elements(), 1, 0);
        } catch (InternalError error) {
            throw region.explain(error);
        } finally {
            region.leave();
        }
    }

    @Override
    public void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor c, boolean accumulate) {
        Checks.computable("matmul", a);
        Checks.computable("matmul", b);
        Checks.writable("matmul", c);
        int aRows = Checks.rows("matmul", a), aColumns = Checks.columns("matmul", a), bRows = Checks.rows("matmul", b), bColumns = Checks.columns("matmul", b);
        int m = transposeA ? aColumns : aRows, k = transposeA ? aRows : aColumns, n = transposeB ? bRows : bColumns;
        if ((transposeB ? bColumns : bRows) != k)
            throw new IllegalArgumentException("matmul: " + a + (transposeA ? " transposed" : "") + " times " + b + (transposeB ? " transposed" : "")
                    + "; expected " + k + " rows in the second, found " + (transposeB ? bColumns : bRows));
        Checks.matrix("matmul", c, b, m, n);
        Checks.apart("matmul", c, a);
        Checks.apart("matmul", c, b);
        region.enter(a, b, null, c);
        try {
            products.left(a.dtype(), region.a.segment, region.a.at, aColumns, transposeA);
            products.right(b.dtype(), region.b.segment, region.b.at, bColumns, transposeB);
            products.into(region.d.segment, region.d.at, n, accumulate, m, n, k);
        } catch (InternalError error) {
            throw region.explain(error);
        } finally {
            region.leave();
        }
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        Checks.single("linear", x);
        Checks.computable("linear", weight);
        Checks.writable("linear", y);
        int t = Checks.rows("linear", x), k = Checks.columns("linear", x), n = Checks.rows("linear", weight);
        if (weight.shape().columns() != k) throw Checks.unfit("linear", weight, x, k + " columns");
        Checks.matrix("linear", y, weight, t, n);
        Checks.apart("linear", y, x);
        if (bias != null) {
            Checks.computable("linear", bias);
            if (bias.shape().elements() != n) throw Checks.unfit("linear", bias, weight, n + " elements");
        }
        region.enter(x, weight, bias, y);
        try {
            products.left(DType.F32, region.a.segment, region.a.at, k, false);
            products.right(weight.dtype(), region.b.segment, region.b.at, k, true);
            if (bias != null) {
                long wide = rows.widened(region.c, n);
                products.bias(rows.gains(), wide);
            }
            if (t <= FEW) products.few(region.d.segment, region.d.at, n, t, n, k);
            else products.into(region.d.segment, region.d.at, n, false, t, n, k);
        } catch (InternalError error) {
            throw region.explain(error);
        } finally {
            region.leave();
        }
    }

    @Override
    public void embed(Tensor table, int[] ids, float scale, Tensor y) {
        Checks.computable("embed", table);
        Checks.writable("embed", y);
        int vocabulary = Checks.rows("embed", table), n = Checks.columns("embed", table), t = Checks.rows("embed", y);
        Checks.matrix("embed", y, table, t, n);
        Checks.apart("embed", y, table);
        Checks.indices("embed", "ids", ids, t, vocabulary, 0);
        region.enter(table, null, null, y);
        try {
            rows.embed(ids, t, n, scale);
        } catch (InternalError error) {
            throw region.explain(error);
        } finally {
            region.leave();
        }
    }

    @Override
    public void rmsNorm(Tensor x, Tensor gain, float eps, boolean unitOffset, Tensor y) { norm("rmsNorm", false, x, gain, eps, unitOffset ? 1 : 0, y); }

    @Override
    public void layerNorm(Tensor x, Tensor gain, float eps, Tensor y) { norm("layerNorm", true, x, gain, eps, 0, y); }

    private void norm(String operation, boolean centred, Tensor x, Tensor gain, float eps, float offset, Tensor y) {
        Checks.single(operation, x);
        Checks.computable(operation, gain);
        Checks.writable(operation, y);
        Checks.sameShape(operation, y, x);
        int n = (int) Math.min(Integer.MAX_VALUE, gain.shape().elements());
        if (n == 0 || x.shape().columns() % n != 0) throw Checks.unfit(operation, gain, x, "a length that divides " + x.shape().columns());
        region.enter(x, gain, null, y);
        try {
            rows.norm(centred, x.shape().elements() / n, n, offset, eps);
        } catch (InternalError error) {
            throw region.explain(error);
        } finally {
            region.leave();
        }
    }

    @Override
    public void rope(Tensor x, int headDim, Tensor cos, Tensor sin, int[] positions, RopeStyle style) {
        Checks.writable("rope", x);
        Checks.single("rope", cos);
        Checks.single("rope", sin);
        Checks.sameShape("rope", sin, cos);
        int t = Checks.rows("rope", x), columns = Checks.columns("rope", x), half = Checks.columns("rope", cos);
        if (headDim < 1 || columns % headDim != 0 || 2L * half > headDim)
            throw new IllegalArgumentException("rope: heads of " + headDim + " fit neither " + x + " nor tables " + cos);
        Checks.indices("rope", "positions", positions, t, Checks.rows("rope", cos), 0);
        region.enter(x, cos, sin, null);
        try {
            rows.rope(t, columns / headDim, headDim, half, positions, style == RopeStyle.PAIRS);
        } finally {
            region.leave();
        }
    }

    @Override
    public void softmax(Tensor x, Tensor y) {
        Checks.single("softmax", x);
        Checks.writable("softmax", y);
        Checks.sameShape("softmax", y, x);
        if (x.shape().elements() == 0) return;
        region.enter(x, null, null, y);
        try {
            rows.softmax(x.shape().rows(), Checks.columns("softmax", x));
        } finally {
            region.leave();
        }
    }

    @Override
    public void attention(Tensor q, Tensor k, Tensor v, Sequences sequences, AttentionSpec spec, Tensor out) {
        Checks.attention(q, k, v, sequences, spec, out);
        Checks.writable("attention", out);
        Checks.apart("attention", out, q);
        Checks.apart("attention", out, k);
        Checks.apart("attention", out, v);
        region.enter(q, k, v, out);
        try {
            attention.attend(sequences, spec);
        } finally {
            region.leave();
        }
    }

    @Override
    public void gate(Activation activation, Tensor gate, Tensor up, Tensor y) {
        elementwise("gate", gate, up, y);
        region.enter(gate, up, null, y);
        try {
            rows.gate(gate.shape().elements(), activation);
        } finally {
            region.leave();
        }
    }

    @Override
    public void add(Tensor a, Tensor b, float scale, Tensor y) {
        elementwise("add", a, b, y);
        region.enter(a, b, null, y);
        try {
            rows.add(a.shape().elements(), scale);
        } finally {
            region.leave();
        }
    }

    private static void elementwise(String operation, Tensor a, Tensor b, Tensor y) {
        Checks.single(operation, a);
        Checks.single(operation, b);
        Checks.writable(operation, y);
        Checks.sameShape(operation, b, a);
        Checks.sameShape(operation, y, a);
    }

    @Override
    public void scale(Tensor x, float scale, Tensor y) { capped("scale", x, scale, 0, y); }

    @Override
    public void softCap(Tensor x, float cap, Tensor y) {
        if (!(cap > 0)) throw new IllegalArgumentException("softCap: cap " + cap + "; expected over 0");
        capped("softCap", x, 1, cap, y);
    }

    private void capped(String operation, Tensor x, float scale, float cap, Tensor y) {
        elementwise(operation, x, x, y);
        region.enter(x, null, null, y);
        try {
            rows.scale(x.shape().elements(), scale, cap);
        } finally {
            region.leave();
        }
    }

    @Override
    public void argmax(Tensor x, int[] best) {
        Checks.single("argmax", x);
        int t = Checks.rows("argmax", x), n = Checks.columns("argmax", x);
        Checks.length("argmax", "places", best.length, t);
        if (n == 0) throw new IllegalArgumentException("argmax: " + x + " has empty rows");
        region.enter(x, null, null, null);
        try {
            rows.argmax(t, n, best);
        } finally {
            region.leave();
        }
    }

    @Override
    public void crossEntropy(Tensor hidden, Tensor head, float logitScale, float softCap, int[] targets, Tensor loss, Tensor logSumExp, int[] best) {
        Checks.single("crossEntropy", hidden);
        Checks.computable("crossEntropy", head);
        Checks.writable("crossEntropy", loss);
        Checks.writable("crossEntropy", logSumExp);
        int t = Checks.rows("crossEntropy", hidden), n = Checks.columns("crossEntropy", hidden), vocabulary = Checks.rows("crossEntropy", head);
        if (head.shape().columns() != n || vocabulary == 0) throw Checks.unfit("crossEntropy", head, hidden, n + " columns, and rows");
        if (loss.shape().elements() != t) throw Checks.unfit("crossEntropy", loss, hidden, t + " elements");
        if (logSumExp.shape().elements() != t) throw Checks.unfit("crossEntropy", logSumExp, hidden, t + " elements");
        if (best != null) Checks.length("crossEntropy", "places", best.length, t);
        Checks.indices("crossEntropy", "targets", targets, t, vocabulary, Integer.MIN_VALUE);
        region.enter(hidden, head, loss, logSumExp);
        try {
            losses.losses(t, vocabulary, n, logitScale, softCap, targets, best);
        } catch (InternalError error) {
            throw region.explain(error);
        } finally {
            region.leave();
        }
    }

    @Override
    public BackwardKernels backward() { return backward; }

    @Override
    public void close() { region.close(); }
}
