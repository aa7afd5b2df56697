package io.graft.engine.kernel.host;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.Workers;
import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;

/** Operations on rows and on single elements, cut into tasks of about {@link Region#TASK_ELEMENTS}. Operands are the region's. */
final class RowWork {

    private final Region region;
    private final Arithmetic math;
    private final Operand a, b, c, d;
    private final Workers.Body norms = this::normRows, ropes = this::ropeRows, softmaxes = this::softmaxRows, embeds = this::embedRows;
    private final Workers.Body bests = this::bestRows, adds = this::addElements, scales = this::scaleElements, gates = this::gateElements;

    private long rows, elements;
    private int n, taskRows, heads, headDim, half;
    private int[] indices;
    private float eps, offset, scale, cap;
    private boolean centred, pairs;
    private Activation activation;
    private MemorySegment gains;
    private long gain;

    RowWork(Region region) {
        this.region = region;
        math = region.math;
        a = region.a;
        b = region.b;
        c = region.c;
        d = region.d;
    }

    private void overRows(long rows, int n, Workers.Body body) {
        this.rows = rows;
        this.n = n;
        taskRows = Math.max(1, Region.TASK_ELEMENTS / Math.max(1, n));
        region.workers.run(Math.toIntExact((rows + taskRows - 1) / taskRows), body);
    }

    private void overElements(long elements, Workers.Body body) {
        this.elements = elements;
        region.workers.run(Math.toIntExact((elements + Region.TASK_ELEMENTS - 1) / Region.TASK_ELEMENTS), body);
    }

    private long end(int task) { return Math.min(rows, (task + 1L) * taskRows); }

    private static long start(int task) { return (long) task * Region.TASK_ELEMENTS; }

    private int length(int task) { return (int) Math.min(Region.TASK_ELEMENTS, elements - start(task)); }

    /** d = norm of a's rows, b the gain; centred: LayerNorm. */
    void norm(boolean centred, long rows, int n, float offset, float eps) {
        this.centred = centred;
        this.offset = offset;
        this.eps = eps;
        gain = widened(b, n);
        overRows(rows, n, norms);
    }

    /** {@return where a gain or bias is as F32, in {@link #gains}} */
    long widened(Operand vector, int n) {
        gains = vector.segment;
        if (vector.type == DType.F32) return vector.at;
        long at = region.gains.room(4L * n);
        gains = region.gains.segment();
        math.widen(vector.type, vector.segment, vector.at, 1, gains, at, n);
        return at;
    }

    /** {@return the segment of what {@link #widened} gave last} */
    MemorySegment gains() { return gains; }

    private void normRows(int task, int worker) {
        for (long row = (long) task * taskRows; row < end(task); row++) {
            long at = 4 * row * n;
            if (centred) math.layerNorm(a.segment, a.at + at, gains, gain, eps, d.segment, d.at + at, n);
            else math.rmsNorm(a.segment, a.at + at, gains, gain, offset, eps, d.segment, d.at + at, n);
        }
    }

    /** a's rows by tables b and c. */
    void rope(int rows, int heads, int headDim, int half, int[] positions, boolean pairs) {
        this.heads = heads;
        this.headDim = headDim;
        this.half = half;
        this.pairs = pairs;
        indices = positions;
        overRows(rows, heads * headDim, ropes);
    }

    private void ropeRows(int task, int worker) {
        for (long row = (long) task * taskRows; row < end(task); row++) {
            long table = 4L * indices[(int) row] * half;
            math.rope(a.segment, a.at + 4 * row * n, heads, headDim, b.segment, b.at + table, c.segment, c.at + table, half, pairs);
        }
    }

    /** d = softmax of a's rows. */
    void softmax(long rows, int n) { overRows(rows, n, softmaxes); }

    private void softmaxRows(int task, int worker) {
        for (long row = (long) task * taskRows; row < end(task); row++) {
            long x = a.at + 4 * row * n, y = d.at + 4 * row * n;
            float sum = math.expSum(a.segment, x, math.max(a.segment, x, n), d.segment, y, n);
            math.scale(d.segment, y, 1 / sum, 0, d.segment, y, n);
        }
    }

    /** d = scale a[ids]. */
    void embed(int[] ids, int rows, int n, float scale) {
        indices = ids;
        this.scale = scale;
        overRows(rows, n, embeds);
    }

    private void embedRows(int task, int worker) {
        for (long row = (long) task * taskRows; row < end(task); row++)
            math.widen(a.type, a.segment, a.at + a.type.bytes((long) indices[(int) row] * n), scale, d.segment, d.at + 4 * row * n, n);
    }

    /** best = argmax of a's rows. */
    void argmax(long rows, int n, int[] best) {
        indices = best;
        overRows(rows, n, bests);
    }

    private void bestRows(int task, int worker) {
        for (long row = (long) task * taskRows; row < end(task); row++) indices[(int) row] = math.argmax(a.segment, a.at + 4 * row * n, n);
    }

    /** d = a + scale b. */
    void add(long elements, float scale) {
        this.scale = scale;
        overElements(elements, adds);
    }

    private void addElements(int task, int worker) {
        long at = 4 * start(task);
        math.add(a.segment, a.at + at, b.segment, b.at + at, scale, d.segment, d.at + at, length(task));
    }

    /** d = cap tanh(scale a / cap). */
    void scale(long elements, float scale, float cap) {
        this.scale = scale;
        this.cap = cap;
        overElements(elements, scales);
    }

    private void scaleElements(int task, int worker) {
        long at = 4 * start(task);
        math.scale(a.segment, a.at + at, scale, cap, d.segment, d.at + at, length(task));
    }

    /** d = activation(a) b. */
    void gate(long elements, Activation activation) {
        this.activation = activation;
        overElements(elements, gates);
    }

    private void gateElements(int task, int worker) {
        long at = 4 * start(task);
        math.gate(activation, a.segment, a.at + at, b.segment, b.at + at, d.segment, d.at + at, length(task));
    }
}
