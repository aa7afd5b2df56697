package io.graft.formats.peft;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.convert.Rounding;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A tensor under another name and in the dtype of the model that it joins.
 *
 * @param name  the name there
 * @param from  the tensor
 * @param dtype the dtype there; values are rounded to it
 */
record SavedTensor(String name, SourceTensor from, DType dtype) implements SourceTensor {

    @Override
    public Shape shape() { return from.shape(); }

    @Override
    public Optional<StoredRange> stored() { return dtype == from.dtype() ? from.stored() : Optional.empty(); }

    @Override
    public void readF32(long first, long count, MemorySegment to) {
        from.readF32(first, count, to);
        if (dtype != from.dtype()) Rounding.toDtype(to, count, dtype);
    }
}
