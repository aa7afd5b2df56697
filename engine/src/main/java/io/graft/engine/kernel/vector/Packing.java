package io.graft.engine.kernel.vector;

import static io.graft.engine.kernel.vector.Memory.L;
import static io.graft.engine.kernel.vector.Memory.W;
import static io.graft.engine.kernel.vector.Memory.loadHalves;
import static io.graft.engine.kernel.vector.Memory.loadWeight;
import static io.graft.engine.kernel.vector.Memory.put;
import static io.graft.engine.kernel.vector.Memory.store;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.graft.engine.kernel.host.Widen;
import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Lays parts of matrices out as the {@link Tile} reads them: (depth, width) with zeros beyond what there is, widened to F32.
 *
 * <p>Rows along k are taken in pairs, whose elements are stored together as one long: half the stores. A loop has one type of
 * elements, since a profile that has seen three makes C2 branch on every element, and asks {@link Memory#of} itself: a segment that comes as an
 * argument is no constant, and its checks stay in the loop.
 *
 * <p>No int of what may be mapped is widened to a long here: where a file was truncated HotSpot steps over the faulting instruction, and
 * of what C2 made of {@code (long) anInt << 32} it could not tell the length and ended ({@code Assembler::locate_operand}, JDK 25.0.3).
 */
final class Packing {

    private static final long LOW = 0xffffffffL;
    /** The bits of a BF16 in the F32 that it is. */
    private static final long BRAIN = 0xffff0000L;

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
        long row = type.bytes(stride), step = 4L * width;
        int j = 0;
        for (; j + 1 < count; j += 2) {
            long one = at + j * row;
            if (type == DType.F32) singles(xs, one, one + row, depth, ps, to + 4L * j, step);
            else if (type == DType.BF16) brains(xs, one, one + row, depth, ps, to + 4L * j, step);
            else halves(xs, one, one + row, depth, ps, to + 4L * j, step);
        }
        if (j < count) for (int k = 0; k < depth; k++) put(pm, to + 4L * j + k * step, Widen.element(type, xm, at + j * row, k));
        for (j = count; j < width; j++)
            for (int k = 0; k < depth; k++) put(pm, to + 4L * j + k * step, 0);
    }

    /**
     * Two elements of each row are a long, four in {@link #brains}: as little as a quarter of the loads. No counter lives on behind the loop:
     * C2 keeps such a one in memory, and an iteration waits 13 cycles for it.
     */
    private static void singles(MemorySegment xs, long one, long other, int depth, MemorySegment ps, long to, long step) {
        MemorySegment xm = Memory.of(xs), pm = Memory.of(ps);
        int whole = depth & -2;
        for (int k = 0; k < whole; k += 2) {
            long x = xm.get(JAVA_LONG_UNALIGNED, one + 4L * k), y = xm.get(JAVA_LONG_UNALIGNED, other + 4L * k), out = to + k * step;
            pm.set(JAVA_LONG_UNALIGNED, out, x & LOW | y << 32);
            pm.set(JAVA_LONG_UNALIGNED, out + step, x >>> 32 | y & ~LOW);
        }
        if (whole < depth) rest(DType.F32, xs, one, other, whole, depth, ps, to, step);
    }

    private static void brains(MemorySegment xs, long one, long other, int depth, MemorySegment ps, long to, long step) {
        MemorySegment xm = Memory.of(xs), pm = Memory.of(ps);
        int whole = depth & -4;
        for (int k = 0; k < whole; k += 4) {
            long x = xm.get(JAVA_LONG_UNALIGNED, one + 2L * k), y = xm.get(JAVA_LONG_UNALIGNED, other + 2L * k), out = to + k * step;
            pm.set(JAVA_LONG_UNALIGNED, out, x << 16 & BRAIN | y << 48);
            pm.set(JAVA_LONG_UNALIGNED, out + step, x & BRAIN | (y & BRAIN) << 32);
            pm.set(JAVA_LONG_UNALIGNED, out + 2 * step, x >>> 16 & BRAIN | y << 16 & BRAIN << 32);
            pm.set(JAVA_LONG_UNALIGNED, out + 3 * step, x >>> 32 & BRAIN | y & BRAIN << 32);
        }
        if (whole < depth) rest(DType.BF16, xs, one, other, whole, depth, ps, to, step);
    }

    private static void rest(DType type, MemorySegment xs, long one, long other, int from, int depth, MemorySegment ps, long to, long step) {
        MemorySegment xm = Memory.of(xs), pm = Memory.of(ps);
        for (int k = from; k < depth; k++) {
            put(pm, to + k * step, Widen.element(type, xm, one, k));
            put(pm, to + k * step + 4, Widen.element(type, xm, other, k));
        }
    }

    private static void halves(MemorySegment xs, long one, long other, int depth, MemorySegment ps, long to, long step) {
        MemorySegment xm = Memory.of(xs), pm = Memory.of(ps);
        for (int k = 0; k < depth; k++) {
            put(pm, to, Float.float16ToFloat(xm.get(JAVA_SHORT_UNALIGNED, one + 2L * k)));
            put(pm, to + 4, Float.float16ToFloat(xm.get(JAVA_SHORT_UNALIGNED, other + 2L * k)));
            to += step;
        }
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
        if (type == DType.F32 && count == Tile.ROWS && width == Tile.ROWS) {
            sixes(xs, at, 4 * stride, depth, ps, to);
            return;
        }
        for (int k = 0; k < depth; k++) {
            long in = at + type.bytes(k * stride), out = to + 4L * k * width;
            for (int j = 0; j < count; j++) put(pm, out + 4L * j, Widen.element(type, xm, in, j));
            for (int j = count; j < width; j++) put(pm, out + 4L * j, 0);
        }
    }

    /**
     * Panels of {@link Tile#COLUMNS} columns of a right factor (k, n), or (n, k) transposed, along {@code depth} of k.
     *
     * @param b          its first element
     * @param fromDepth  where k begins
     * @param fromColumn where n begins; it ends before {@code toColumn}, in the last panel perhaps
     * @param panelBytes from one panel to the next
     */
    static void panels(DType type, MemorySegment bs, long b, long stride, boolean transposed, int fromDepth, int depth, long fromColumn, long toColumn, MemorySegment ps, long to,
            long panelBytes) {
        for (long column = fromColumn; column < toColumn; column += Tile.COLUMNS, to += panelBytes) {
            int columns = (int) Math.min(Tile.COLUMNS, toColumn - column);
            if (transposed) across(type, bs, b + type.bytes(column * stride + fromDepth), stride, columns, Tile.COLUMNS, depth, ps, to);
            else along(type, bs, b + type.bytes(fromDepth * stride + column), stride, columns, Tile.COLUMNS, depth, ps, to);
        }
    }

    private static void sixes(MemorySegment xs, long in, long step, int depth, MemorySegment ps, long to) {
        MemorySegment xm = Memory.of(xs), pm = Memory.of(ps);
        for (int k = 0; k < depth; k++) {
            pm.set(JAVA_LONG_UNALIGNED, to, xm.get(JAVA_LONG_UNALIGNED, in));
            pm.set(JAVA_LONG_UNALIGNED, to + 8, xm.get(JAVA_LONG_UNALIGNED, in + 8));
            pm.set(JAVA_LONG_UNALIGNED, to + 16, xm.get(JAVA_LONG_UNALIGNED, in + 16));
            in += step;
            to += 4 * Tile.ROWS;
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
