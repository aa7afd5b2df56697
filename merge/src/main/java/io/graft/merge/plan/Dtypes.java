package io.graft.merge.plan;

import io.graft.engine.memory.DType;
import io.graft.formats.model.SourceTensor;
import java.util.List;

/** Which dtype an output tensor has where the recipe does not say. */
final class Dtypes {

    private Dtypes() {}

    /** {@return the narrowest dtype that holds all these values: F16 and BF16 together are F32} */
    static DType widest(List<SourceTensor> tensors) {
        DType widest = tensors.getFirst().dtype();
        for (SourceTensor tensor : tensors) if (tensor.dtype() != widest) widest = DType.F32;
        return widest;
    }
}
