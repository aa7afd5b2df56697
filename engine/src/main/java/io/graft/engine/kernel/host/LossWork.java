package io.graft.engine.kernel.host;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.Workers;
import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Cross-entropy from hidden states, {@link #ROWS} rows and {@link #COLUMNS} of the vocabulary at a time: logits of a chunk in
 * scratch, then each row's running maximum and sum of exponentials. The region holds hidden, head, loss and logSumExp.
 */
final class LossWork {

    private static final int ROWS = 256, COLUMNS = 4096;

    private final Region region;
    private final Products products;
    private final Workers.Body updates = this::updateRow;

    private float[] max, sum, target, top;
    private int[] targets, best;
    private int firstRow, firstColumn, columns;
    private float logitScale, softCap;
    private MemorySegment logits;
    private long at;

    LossWork(Region region, Products products) {
        this.region = region;
        this.products = products;
    }

    void losses(int t, int vocabulary, int n, float logitScale, float softCap, int[] targets, int[] best) {
        this.logitScale = logitScale;
        this.softCap = softCap;
        this.targets = targets;
        this.best = best;
        max = new float[t];
        Arrays.fill(max, Float.NEGATIVE_INFINITY);
        top = max.clone();
        if (best != null) Arrays.fill(best, 0, t, 0);
        sum = new float[t];
        target = new float[t];
        at = region.logits.room(4L * Math.min(t, ROWS) * Math.min(vocabulary, COLUMNS));
        logits = region.logits.segment();
        Operand hidden = region.a, head = region.b;
        for (firstRow = 0; firstRow < t; firstRow += ROWS) {
            int rows = Math.min(ROWS, t - firstRow);
            for (firstColumn = 0; firstColumn < vocabulary; firstColumn += COLUMNS) {
                columns = Math.min(COLUMNS, vocabulary - firstColumn);
                products.left(DType.F32, hidden.segment, hidden.at + 4L * firstRow * n, n, false);
                products.right(head.type, head.segment, head.at + head.type.bytes((long) firstColumn * n), n, true);
                if (t <= Kernels.FEW) products.few(logits, at, columns, rows, columns, n);
                else products.into(logits, at, columns, false, rows, columns, n);
                region.workers.run(rows, updates);
            }
        }
        MemorySegment loss = region.c.tensor.segment(), logSumExp = region.d.tensor.segment();
        for (int row = 0; row < t; row++) {
            double all = max[row] + StrictMath.log(sum[row]);
            logSumExp.set(JAVA_FLOAT_UNALIGNED, 4L * row, (float) all);
            loss.set(JAVA_FLOAT_UNALIGNED, 4L * row, targets[row] < 0 ? 0 : (float) (all - target[row]));
        }
    }

    private void updateRow(int task, int worker) {
        Arithmetic math = region.math;
        int row = firstRow + task;
        long z = at + 4L * task * columns;
        math.scale(logits, z, logitScale, softCap, logits, z, columns);
        int local = targets[row] - firstColumn;
        if (local >= 0 && local < columns) target[row] = math.get(logits, z + 4L * local);
        if (best != null) {
            int index = math.argmax(logits, z, columns);
            float value = math.get(logits, z + 4L * index);
            if (value > top[row]) {
                top[row] = value;
                best[row] = firstColumn + index;
            }
        }
        float before = max[row], now = Math.max(before, math.max(logits, z, columns));
        float kept = before == Float.NEGATIVE_INFINITY ? 0 : sum[row] * Elementary.exp(before - now);
        sum[row] = kept + math.expSum(logits, z, now, logits, z, columns);
        max[row] = now;
    }
}
