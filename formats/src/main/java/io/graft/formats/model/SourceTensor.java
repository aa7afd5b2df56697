package io.graft.formats.model;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * One tensor of a {@link ModelSource}, readable in pieces and so never whole in memory. Safe for use by many threads.
 */
public interface SourceTensor {

    /** {@return its name, under Hugging Face's names whatever the file} */
    String name();

    /** {@return its element type; for a quantised tensor F32, what it is read as} */
    DType dtype();

    /** {@return its sizes} */
    Shape shape();

    /** {@return where its bytes lie as they are; empty if they are computed (quantised, permuted, adapted)} */
    Optional<StoredRange> stored();

    /**
     * Reads some elements, widened to F32 exactly.
     *
     * @param first the first element, row-major
     * @param count how many
     * @param to    receives them as little-endian F32, count * 4 bytes from its start; native memory
     * @throws io.graft.engine.RunException if the file cannot be read, or has been truncated since it was opened
     * @throws IllegalStateException        if the dtype is not computable, or the source is closed
     */
    void readF32(long first, long count, MemorySegment to);
}
