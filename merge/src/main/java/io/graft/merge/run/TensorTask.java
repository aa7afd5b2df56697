package io.graft.merge.run;

import io.graft.engine.memory.DType;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import io.graft.merge.plan.TensorPlan;
import java.util.List;

/** One output tensor while it is made: where it goes, what it reads, and what must be known of it before. */
final class TensorTask {

    /**
     * One input.
     *
     * @param tensor the tensor
     * @param stored where its bytes lie; null if they are computed
     * @param dtype  of the bytes that are read: F32 where they are computed
     */
    record Input(SourceTensor tensor, StoredRange stored, DType dtype) {
        static Input of(SourceTensor tensor) {
            StoredRange stored = tensor.dtype().isComputable() ? tensor.stored().orElse(null) : null;
            return new Input(tensor, stored, stored == null ? DType.F32 : tensor.dtype());
        }
    }

    final TensorPlan plan;
    final List<Input> inputs;
    /** The output's place; null for a virtual merge. */
    final OutputFile file;
    final long position;
    final long elements;
    /** What comes before; null where nothing does. */
    private Reduction reduction;
    /** The number of element 0, as the reduction counts. */
    private long index;

    TensorTask(TensorPlan plan, OutputFile file, long position) {
        this.plan = plan;
        this.inputs = plan.operation().inputs().stream().map(Input::of).toList();
        this.file = file;
        this.position = position;
        this.elements = plan.shape().elements();
    }

    void reduceWith(Reduction passes, long first) {
        reduction = passes;
        index = first;
    }

    /** {@return the passes that come before; null if there are none} */
    Reduction reduction() { return reduction; }

    /** {@return the number of element 0, as the reduction counts} */
    long index() { return index; }
}
