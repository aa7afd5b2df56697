package io.graft.engine.kernel.host;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * A tensor in use: where its elements are, held until {@link #release}.
 *
 * <p>Kernels see (segment, offset): with raw addresses the segment is null, standing for one constant segment over all memory,
 * and the offset an address; without, it is the owner's checked segment. One object serves every operation, since a decoding
 * step's few hundred would otherwise leave garbage. Guarded by the lock of {@link HostKernels}.
 */
final class Operand {

    Tensor tensor;
    MemorySegment segment;
    long at;
    DType type;

    /** Acquires; a null tensor leaves it empty. */
    void take(Tensor taken, boolean raw) {
        if (taken == null) return;
        long address = taken.acquire();
        tensor = taken;
        type = taken.dtype();
        segment = raw ? null : taken.owner().segment();
        at = raw ? address : taken.offset();
    }

    void release() {
        if (tensor == null) return;
        tensor.release();
        tensor = null;
        segment = null;
    }
}
