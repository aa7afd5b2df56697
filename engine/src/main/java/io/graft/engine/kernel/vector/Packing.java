package io.graft.engine.kernel.vector;

import static io.graft.engine.kernel.vector.Memory.L;
import static io.graft.engine.kernel.vector.Memory.W;
import static io.graft.engine.kernel.vector.Memory.get;
import static io.graft.engine.kernel.vector.Memory.loadWeight;
import static io.graft.engine.kernel.vector.Memory.loadHalves;
import static io.graft.engine.kernel.vector.Memory.put;
import static io.graft.engine.kernel.vector.Memory.store;

import io.graft.engine.kernel.host.Widen;
import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Lays parts of matrices out as the {@link Tile} reads them: (depth, width) with zeros beyond what there is, widened to F32. */
final class Packing {

    private Packing() {}

    /**
     * From rows along k: out[k][j] = in[j][k].
     *
     * @param at     in[0][0]
     * @param stride elements between rows
     * @param count  rows there are, at most width
     */
    static void across(DType type, MemorySegment xs, long at, long stride, int count, int width, int depth, MemorySegment ps, long to) {
        MemorySegment xm = Memory.of(xs), pm = Memory.of(ps);
        for (int j = 0; j < count; j++) {
            long out = to + 4L * j, in = at + type.bytes(j * stride);
            for (int k = 0; k < depth; k++) put(pm, out + 4L * k * width, Widen.element(type, xm, in, k));
        }
        for (int j = count; j < width; j++)
            for (int k = 0; k < depth; k++) put(pm, to + 4L * (k * width + j), 0);
    }

    /**
     * From rows along j: out[k][j] = in[k][j].
     *
     * @param at     in[0][0]
     * @param stride elements between rows
     * @param count  columns there are, at most width
     */
    static void along(DType type, MemorySegment xs, long at, long stride, int count, int width, int depth, MemorySegment ps, long to) {
        if (count == width && width == Tile.COLUMNS) {
            panel(type, xs, at, stride, depth, ps, to);
            return;
        }
        MemorySegment xm = Memory.of(xs), pm = Memory.of(ps);
        for (int k = 0; k < depth; k++) {
            long in = at + type.bytes(k * stride), out = to + 4L * k * width;
            for (int j = 0; j < count; j++) put(pm, out + 4L * j, Widen.element(type, xm, in, j));
            for (int j = count; j < width; j++) put(pm, out + 4L * j, 0);
        }
    }

    private static void panel(DType type, MemorySegment xs, long at, long stride, int depth, MemorySegment ps, long to) {
        MemorySegment xm = Memory.of(xs), pm = Memory.of(ps);
        if (type == DType.F32) {
            for (int k = 0; k < depth; k++) {
                long in = at + 4 * k * stride, out = to + 2L * W * k;
                store(pm, out, loadWeight(xm, in));
                store(pm, out + W, loadWeight(xm, in + W));
            }
        } else {
            boolean brain = type == DType.BF16;
            for (int k = 0; k < depth; k++) {
                for (int part = 0; part < 2; part++) {
                    IntVector v = (IntVector) loadHalves(xm, at + 2 * (k * stride + part * L)).convertShape(VectorOperators.S2I, Memory.INTS, 0);
                    store(pm, to + 2L * W * k + (long) part * W, brain ? VectorMath.widenBrain(v) : VectorMath.widenHalf(v));
                }
            }
        }
    }
}
