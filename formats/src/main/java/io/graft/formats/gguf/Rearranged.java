package io.graft.formats.gguf;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/**
 * A tensor with its rows in another order, or a number added to its values: what separates Hugging Face's and llama.cpp's
 * ways to keep the same weights.
 *
 * @param from  the tensor
 * @param rowOf gives the row of {@code from} for a row of this; null for the same
 * @param plus  added to every value, which then is an F32
 */
record Rearranged(SourceTensor from, LongUnaryOperator rowOf, int plus) implements SourceTensor {

    static SourceTensor rows(SourceTensor from, LongUnaryOperator rowOf) { return new Rearranged(from, rowOf, 0); }

    static SourceTensor plus(SourceTensor from, int plus) { return new Rearranged(from, null, plus); }

    @Override
    public String name() { return from.name(); }

    @Override
    public DType dtype() { return plus == 0 ? from.dtype() : DType.F32; }

    @Override
    public Shape shape() { return from.shape(); }

    @Override
    public Optional<StoredRange> stored() { return Optional.empty(); }

    @Override
    public void readF32(long first, long count, MemorySegment to) {
        Objects.checkFromIndexSize(first, count, shape().elements());
        if (rowOf == null) from.readF32(first, count, to);
        else readRows(first, count, to);
        if (plus != 0)
            for (long i = 0; i < count; i++) to.set(JAVA_FLOAT_UNALIGNED, 4 * i, to.get(JAVA_FLOAT_UNALIGNED, 4 * i) + plus);
    }

    private void readRows(long first, long count, MemorySegment to) {
        long columns = shape().rank() == 1 ? 1 : shape().columns();
        for (long done = 0; done < count; ) {
            long row = (first + done) / columns, column = (first + done) % columns, part = Math.min(columns - column, count - done);
            from.readF32(rowOf.applyAsLong(row) * columns + column, part, to.asSlice(4 * done, 4 * part));
            done += part;
        }
    }
}
