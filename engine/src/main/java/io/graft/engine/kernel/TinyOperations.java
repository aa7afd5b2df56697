package io.graft.engine.kernel;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;

/**
 * One call each of what a forward pass needs, so small that thousands of them cost little while nothing is compiled: a loop of eight
 * rounds counts for the compilers as one of eight thousand does, but takes a thousandth of the time.
 */
final class TinyOperations implements AutoCloseable {

    /** Rows of a product: more than {@link Kernels#FEW}, with a remainder in tiles of six. */
    private static final int ROWS = 9;

    /** Elements along a row: two blocks of lanes, or what a product runs along. */
    private static final int LONG = 128, SHORT = 32;

    private static final int HEAD = 64, HEADS = 3;

    private final Kernels kernels;
    private final Tensor x = tensor(DType.F32, ROWS, SHORT), weight = tensor(DType.BF16, SHORT, SHORT), y = tensor(DType.F32, ROWS, SHORT);
    private final Tensor stream = tensor(DType.F32, 2, LONG), other = tensor(DType.F32, 2, LONG), table = tensor(DType.BF16, 4, LONG);
    private final Tensor gain = Tensor.allocate("warm-up", DType.BF16, Shape.of(LONG));
    private final Tensor cos = tensor(DType.F32, 2, HEAD / 2), sin = tensor(DType.F32, 2, HEAD / 2);
    private final Tensor q = tensor(DType.F32, ROWS, HEADS * HEAD), k = tensor(DType.F32, ROWS, HEAD), v = tensor(DType.F32, ROWS, HEAD), out = tensor(DType.F32, ROWS, HEADS * HEAD);
    private final Tensor one = tensor(DType.F32, 1, LONG), head = tensor(DType.BF16, SHORT, LONG), logits = tensor(DType.F32, 1, SHORT);
    private final int[] ids = {0, 1}, best = new int[1];
    private final AttentionSpec spec = new AttentionSpec(HEADS, 1, HEAD, 0.125f, 0, 0);
    private final Sequences text = Sequences.single(ROWS);

    TinyOperations(Kernels kernels) { this.kernels = kernels; }

    private static Tensor tensor(DType type, long rows, long columns) { return Tensor.allocate("warm-up", type, Shape.of(rows, columns)); }

    /** Multiply-adds of {@link #product}. */
    static long productSteps() { return (long) ROWS * SHORT * SHORT; }

    /** A product of many rows with a matrix in BF16. */
    void product() { kernels.linear(x, weight, null, y); }

    /** All that is no such product. */
    void others() {
        kernels.embed(table, ids, 1, stream);
        kernels.rmsNorm(stream, gain, 1e-5f, false, other);
        kernels.rope(stream, HEAD, cos, sin, ids, RopeStyle.HALVES);
        kernels.attention(q, k, v, text, spec, out);
        kernels.gate(Activation.SILU, stream, other, other);
        kernels.add(stream, other, 1, other);
        kernels.linear(one, head, null, logits);
        kernels.argmax(logits, best);
    }

    @Override
    public void close() {
        for (Tensor each : new Tensor[] {x, weight, y, stream, other, table, gain, cos, sin, q, k, v, out, one, head, logits}) each.close();
    }
}
