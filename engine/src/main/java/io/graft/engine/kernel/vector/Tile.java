package io.graft.engine.kernel.vector;

import static io.graft.engine.kernel.vector.Memory.W;
import static io.graft.engine.kernel.vector.Memory.broadcast;
import static io.graft.engine.kernel.vector.Memory.load;
import static io.graft.engine.kernel.vector.Memory.store;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * The register tile of matrix products: 6 rows by 2 vectors, the fastest that C2 makes at 256 and at 512 bits.
 *
 * <p>Small edits halve its speed. On an AMD EPYC (Zen 3, 256 bits, 100.8 GFLOP/s at most): as it stands 94 GFLOP/s; with addresses that a counter of
 * rows or two running addresses give 88.8, since C2 computes either anew from its counter, in twice as many instructions; from a counter that
 * a load's address can scale nothing is left to compute but 3 i. Rows of a that are 32 bytes apart, of which 24 are used, would give 95.6, and a
 * third more to pack and to read. Accumulators that begin with c 68 to 71, a branch at the end 50 to 62, unrolled by hand 20, taller tiles spill.
 */
final class Tile {

    /** Rows. */
    static final int ROWS = 6;
    /** Columns. */
    static final int COLUMNS = 2 * Memory.L;

    /** The counter's step; how many times as fast the addresses of a and b move. */
    private static final int STEP = 8;
    private static final long A = 4L * ROWS / STEP, B = 2L * W / STEP;

    private Tile() {}

    /** c (6, COLUMNS) = a b along the block; a is (depth, 6), b (depth, COLUMNS), rows of c are {@code stride} bytes apart. */
    static void multiply(MemorySegment as, long a, MemorySegment bs, long b, int depth, MemorySegment cs, long c, long stride) {
        MemorySegment am = Memory.of(as), bm = Memory.of(bs), cm = Memory.of(cs);
        int end = STEP * depth;
        FloatVector zero = FloatVector.zero(Memory.SPECIES);
        FloatVector c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero, c40 = zero, c41 = zero, c50 = zero, c51 = zero;
        for (int i = 0; i < end; i += STEP) {
            FloatVector b0 = load(bm, b + B * i), b1 = load(bm, b + B * i + W), x;
            x = broadcast(am, a + A * i);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = broadcast(am, a + A * i + 4);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = broadcast(am, a + A * i + 8);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = broadcast(am, a + A * i + 12);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = broadcast(am, a + A * i + 16);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = broadcast(am, a + A * i + 20);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
        }
        store(cm, c, c00);
        store(cm, c + W, c01);
        c += stride;
        store(cm, c, c10);
        store(cm, c + W, c11);
        c += stride;
        store(cm, c, c20);
        store(cm, c + W, c21);
        c += stride;
        store(cm, c, c30);
        store(cm, c + W, c31);
        c += stride;
        store(cm, c, c40);
        store(cm, c + W, c41);
        c += stride;
        store(cm, c, c50);
        store(cm, c + W, c51);
    }

    /** Rows and columns of c (+)= a whole tile in scratch. */
    static void add(MemorySegment ts, long tile, int rows, int columns, MemorySegment cs, long c, long stride, boolean accumulate) {
        if (accumulate) {
            add(ts, tile, rows, columns, cs, c, stride, cs, c, stride);
            return;
        }
        MemorySegment tm = Memory.of(ts), cm = Memory.of(cs);
        for (int row = 0; row < rows; row++)
            for (int j = 0; j < columns; j++) Memory.put(cm, c + row * stride + 4L * j, Memory.get(tm, tile + 2L * W * row + 4L * j));
    }

    /** Rows and columns of c = x + a whole tile in scratch; rows of x and c are so many bytes apart. */
    static void add(MemorySegment ts, long tile, int rows, int columns, MemorySegment xs, long x, long xStride, MemorySegment cs, long c, long stride) {
        MemorySegment tm = Memory.of(ts), xm = Memory.of(xs), cm = Memory.of(cs);
        if (columns == COLUMNS) {
            for (int row = 0; row < rows; row++, tile += 2 * W, x += xStride, c += stride) {
                store(cm, c, load(xm, x).add(load(tm, tile)));
                store(cm, c + W, load(xm, x + W).add(load(tm, tile + W)));
            }
        } else {
            for (int row = 0; row < rows; row++, tile += 2 * W, x += xStride, c += stride)
                for (int j = 0; j < columns; j++) Memory.put(cm, c + 4L * j, Memory.get(xm, x + 4L * j) + Memory.get(tm, tile + 4L * j));
        }
    }
}
