package io.graft.formats.peft;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import io.graft.formats.convert.Rounding;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.lang.foreign.MemorySegment;
import java.lang.ref.SoftReference;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/**
 * A weight with its factors merged in, computed for whatever rows are asked for.
 *
 * <pre>
 *   plain       W'[i, j] = W[i, j] + s · Σ_k B[i, k] · A[k, j]                W stored as [out, in]
 *   transposed  W'[i, j] = W[i, j] + s · Σ_k A[k, i] · B[j, k]                W stored as [in, out]
 *   DoRA        W'[o, :] · m[o] / ‖W'[o, :]‖₂, o counting outputs: rows when plain, columns when transposed
 * </pre>
 * In F64, rounded to F32 and then to the base's dtype: a model of one dtype stays one. Both cases are one: the stored matrix gains
 * s · left[i, :] · right[:, j] with left [rows, r] read for the rows at hand, right [r, columns] kept while memory lasts.
 * DoRA's norms need all of the weight: a pass of their own, once.
 */
final class MergedTensor implements SourceTensor {

    /** Elements of W at a time in the pass for norms. */
    private static final int CHUNK = 1 << 16;

    private final LoraPair pair;
    private final SourceTensor weight;
    private final int rank;
    private final int columns;
    /** right, row by row: floats, since the factors' own dtype is at most that. */
    private SoftReference<float[]> right = new SoftReference<>(null);
    /** m / norm of every output, F64; null before the first use, and without DoRA. */
    private double[] gains;

    MergedTensor(LoraPair pair, SourceTensor weight) {
        this.pair = pair;
        this.weight = weight;
        this.rank = Math.toIntExact(pair.rank());
        this.columns = Math.toIntExact(weight.shape().columns());
    }

    @Override
    public String name() { return weight.name(); }

    @Override
    public DType dtype() { return weight.dtype(); }

    @Override
    public Shape shape() { return weight.shape(); }

    @Override
    public Optional<StoredRange> stored() { return Optional.empty(); }

    @Override
    public void readF32(long first, long count, MemorySegment to) {
        Objects.checkFromIndexSize(first, count, shape().elements());
        if (count == 0) return;
        double[] gains = pair.magnitude() == null ? null : gains();
        weight.readF32(first, count, to);
        eachRow(first, count, to, (row, column, at, sums, length) -> {
            for (int j = 0; j < length; j++) {
                double gain = gains == null ? 1 : gains[pair.transposed() ? column + j : (int) row];
                to.set(JAVA_FLOAT_UNALIGNED, at + 4L * j, Rounding.toDtype((float) (gain * sums[j]), dtype()));
            }
        });
    }

    /** What is done with a part of a row of W + s·left·right. */
    private interface RowPart {
        /**
         * @param row    of the stored matrix
         * @param column where the part begins
         * @param at     its place in the segment, in bytes
         * @param sums   its values
         * @param length how many
         */
        void take(long row, int column, long at, double[] sums, int length);
    }

    /** Adds s·left·right to elements of W, which a segment holds, row part by row part. */
    private void eachRow(long first, long count, MemorySegment w, RowPart then) {
        float[] right = right();
        long firstRow = first / columns, rows = (first + count - 1) / columns - firstRow + 1;
        float[] left = left(firstRow, Math.toIntExact(rows));
        double[] sums = new double[(int) Math.min(columns, count)];
        for (long done = 0; done < count; ) {
            long row = (first + done) / columns;
            int column = (int) ((first + done) % columns), length = (int) Math.min(columns - column, count - done);
            Arrays.fill(sums, 0, length, 0);
            for (int k = 0; k < rank; k++) {
                double factor = left[(int) (row - firstRow) * rank + k];
                int from = k * columns + column;
                for (int j = 0; j < length; j++) sums[j] += factor * right[from + j];
            }
            for (int j = 0; j < length; j++) sums[j] = w.get(JAVA_FLOAT_UNALIGNED, 4 * (done + j)) + pair.scale() * sums[j];
            then.take(row, column, 4 * done, sums, length);
            done += length;
        }
    }

    /** A [r, in] when plain; the transpose of B [out, r] when not: [r, columns]. */
    private synchronized float[] right() {
        float[] kept = right.get();
        if (kept == null) {
            float[] factor = pair.transposed() ? read(pair.b(), 0, (long) columns * rank) : read(pair.a(), 0, (long) columns * rank);
            kept = pair.transposed() ? transpose(factor, columns, rank) : factor;
            right = new SoftReference<>(kept);
        }
        return kept;
    }

    /** Rows of B [out, r] when plain; of the transpose of A [r, in] when not: [rows, r]. */
    private float[] left(long firstRow, int rows) {
        if (!pair.transposed()) return read(pair.b(), firstRow * rank, (long) rows * rank);
        float[] columnsOfA = new float[rank * rows];
        for (int k = 0; k < rank; k++) System.arraycopy(read(pair.a(), k * pair.in() + firstRow, rows), 0, columnsOfA, k * rows, rows);
        return transpose(columnsOfA, rank, rows);
    }

    /** [rows, columns] to [columns, rows]. */
    private static float[] transpose(float[] from, int rows, int columns) {
        float[] to = new float[from.length];
        for (int i = 0; i < rows; i++) for (int j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
        return to;
    }

    private synchronized double[] gains() {
        if (gains != null) return gains;
        double[] squares = new double[Math.toIntExact(pair.out())];
        long elements = shape().elements(), chunk = Math.max(1, CHUNK / columns) * (long) columns;
        try (Owner owner = Owner.allocate(weight.name(), 4 * Math.min(chunk, elements))) {
            for (long first = 0; first < elements; first += chunk) {
                long count = Math.min(chunk, elements - first);
                weight.readF32(first, count, owner.segment());
                eachRow(first, count, owner.segment(), (row, column, _, sums, length) -> {
                    for (int j = 0; j < length; j++) squares[pair.transposed() ? column + j : (int) row] += sums[j] * sums[j];
                });
            }
        }
        float[] magnitudes = read(pair.magnitude(), 0, squares.length);
        double[] all = new double[squares.length];
        for (int o = 0; o < all.length; o++) all[o] = magnitudes[o] / Math.sqrt(squares[o]);
        gains = all;
        return all;
    }

    private static float[] read(SourceTensor tensor, long first, long count) {
        try (Owner owner = Owner.allocate(tensor.name(), 4 * count)) {
            tensor.readF32(first, count, owner.segment());
            return owner.segment().toArray(JAVA_FLOAT_UNALIGNED);
        }
    }
}
