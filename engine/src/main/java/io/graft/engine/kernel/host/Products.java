package io.graft.engine.kernel.host;

import io.graft.engine.kernel.Workers;
import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;

/**
 * Matrix products c (m, n) (+)= a (m, k) b (k, n): how they are cut into tasks.
 *
 * <p>All workers pack {@link #ROW_BLOCK} rows of a; each then takes columns of c, packing b's as it goes, so that c's elements
 * have one writer and b is read once a row block. Few rows go without packing: {@link #few}.
 */
final class Products {

    /** Rows of a that are packed at once: 1008 x 2048 floats are 8 MB; a multiple of 6, the tile's height. */
    private static final int ROW_BLOCK = 1008;
    /** Bytes of weights that are worth a task: about 3 us of one core's bandwidth. */
    private static final int TASK_BYTES = 65_536;

    /** Panels that a task takes at most; packed, 8 of 256 x 16 floats are 128 KiB. */
    private static final int TASK_PANELS = 8;

    private final Region region;
    private final Arithmetic math;
    private final Workers.Body packing = this::packGroups, multiplying = this::multiplyColumns, dotting = this::dotColumns;

    private DType aType, bType;
    private MemorySegment as, bs, cs, biases, packs;
    private long a, b, c, bias, pack, aStride, bStride, cStride, taskColumns;
    private boolean transposeA, transposeB, accumulate, biased;
    private int m, n, k, block, blockRows, taskGroups;

    Products(Region region) {
        this.region = region;
        this.math = region.math;
    }

    /** The left factor; stride is the length of its rows in memory. */
    void left(DType type, MemorySegment segment, long at, long stride, boolean transposed) {
        aType = type;
        as = segment;
        a = at;
        aStride = stride;
        transposeA = transposed;
    }

    /** The right factor, likewise. */
    void right(DType type, MemorySegment segment, long at, long stride, boolean transposed) {
        bType = type;
        bs = segment;
        b = at;
        bStride = stride;
        transposeB = transposed;
        biased = false;
    }

    /** A row that is added to every row of the result; after {@link #right}. */
    void bias(MemorySegment segment, long at) {
        biases = segment;
        bias = at;
        biased = true;
    }

    /** Computes. */
    void into(MemorySegment segment, long at, long stride, boolean accumulate, int m, int n, int k) {
        result(segment, at, stride, m, n, k);
        this.accumulate = accumulate;
        int groupRows = math.packRows(), panel = math.panelColumns();
        taskColumns = columnsOfTask((n + panel - 1) / panel) * (long) panel;
        for (block = 0; block < m; block += ROW_BLOCK) {
            blockRows = Math.min(ROW_BLOCK, m - block);
            int groups = (blockRows + groupRows - 1) / groupRows;
            pack = region.packed.room(math.packBytes(blockRows, k));
            packs = region.packed.segment();
            taskGroups = Math.max(1, (int) Math.min(groups, Region.TASK_ELEMENTS / Math.max(1L, (long) k * groupRows)));
            region.workers.run((groups + taskGroups - 1) / taskGroups, packing);
            region.workers.run((int) ((n + taskColumns - 1) / taskColumns), multiplying);
        }
    }

    /** Panels of columns a task: few tasks pass over the left factor seldom, but they must share out evenly, and end about together. */
    private int columnsOfTask(int panels) {
        int threads = region.workers.threads(), turns = Math.max(2, (panels + TASK_PANELS * threads - 1) / (TASK_PANELS * threads));
        return Math.max(1, (panels + threads * turns - 1) / (threads * turns));
    }

    /** Computes x w^T of at most {@link io.graft.engine.kernel.Kernels#FEW} rows, reading w once; the left factor is F32 and packed rows. */
    void few(MemorySegment segment, long at, long stride, int m, int n, int k) {
        result(segment, at, stride, m, n, k);
        long bytes = math.spreadBytes(bType, m, k);
        pack = bytes == 0 ? a : region.packed.room(bytes);
        packs = bytes == 0 ? as : region.packed.segment();
        if (bytes > 0) math.spread(bType, as, a, m, k, packs, pack);
        taskColumns = Math.max(1, TASK_BYTES / Math.max(1, bType.bytes(k)));
        region.workers.run((int) ((n + taskColumns - 1) / taskColumns), dotting);
    }

    private void result(MemorySegment segment, long at, long stride, int m, int n, int k) {
        cs = segment;
        c = at;
        cStride = stride;
        this.m = m;
        this.n = n;
        this.k = k;
    }

    private void packGroups(int task, int worker) {
        int from = task * taskGroups, groupRows = math.packRows(), groups = (blockRows + groupRows - 1) / groupRows;
        long start = a + aType.bytes(transposeA ? block : block * aStride);
        math.pack(aType, as, start, aStride, transposeA, blockRows, k, packs, pack, from, Math.min(groups, from + taskGroups));
    }

    private void multiplyColumns(int task, int worker) {
        long from = task * taskColumns, to = Math.min(n, from + taskColumns), start = c + 4 * (block * cStride);
        math.multiply(packs, pack, blockRows, k, bType, bs, b, bStride, transposeB, cs, start, cStride, from, to, accumulate, region.own[worker]);
        if (biased) addBias(start, blockRows, from, to);
    }

    private void dotColumns(int task, int worker) {
        long from = task * taskColumns, to = Math.min(n, from + taskColumns);
        math.lanes(packs, pack, m, k, bType, bs, b, cs, c, cStride, from, to, region.own[worker]);
        if (biased) addBias(c, m, from, to);
    }

    private void addBias(long start, int rows, long from, long to) {
        for (int row = 0; row < rows; row++) {
            long at = start + 4 * (row * cStride + from);
            math.add(cs, at, biases, bias + 4 * from, 1, cs, at, (int) (to - from));
        }
    }
}
