package io.graft.merge.plan;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** The first rows of a tensor: embeddings cut to another vocabulary. Rows lie one after another, so these are its first bytes. */
record CutTensor(SourceTensor whole, Shape shape) implements SourceTensor {

    static CutTensor rows(SourceTensor whole, long rows) {
        long[] sizes = whole.shape().toArray();
        sizes[0] = rows;
        return new CutTensor(whole, Shape.of(sizes));
    }

    @Override
    public String name() { return whole.name(); }

    @Override
    public DType dtype() { return whole.dtype(); }

    @Override
    public Optional<StoredRange> stored() { return whole.stored().map(all -> new StoredRange(all.file(), all.offset(), dtype().bytes(shape.elements()))); }

    @Override
    public void readF32(long first, long count, MemorySegment to) {
        if (first < 0 || count < 0 || first + count > shape.elements()) throw new IndexOutOfBoundsException(name() + ": elements " + first + " to " + (first + count) + " of " + shape.elements());
        whole.readF32(first, count, to);
    }
}
