package io.graft.merge.run;

import io.graft.engine.memory.DType;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import io.graft.merge.method.SlerpFactors;
import io.graft.merge.plan.Operation;
import io.graft.merge.plan.TensorPlan;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/** One output tensor while it is made: where it goes, what it reads, and for slerp the sums over both its inputs. */
final class TensorTask {

    /**
     * A fixed number of elements whose products are summed in one go, whatever the threads and the memory: so the sums, and
     * with them the output's bits, depend on nothing but the tensors.
     */
    static final int REDUCTION = 1 << 16;

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

    private final double[] sums;
    private final AtomicLong missing;
    private final CountDownLatch reduced = new CountDownLatch(1);
    private volatile SlerpFactors factors;

    TensorTask(TensorPlan plan, OutputFile file, long position) {
        this.plan = plan;
        this.inputs = plan.operation().inputs().stream().map(Input::of).toList();
        this.file = file;
        this.position = position;
        this.elements = plan.shape().elements();
        this.sums = isSlerp() ? new double[Math.toIntExact(3 * reductions())] : null;
        this.missing = new AtomicLong(reductions());
        if (isSlerp() && reductions() == 0) finish();
    }

    boolean isSlerp() { return plan.operation() instanceof Operation.Slerp; }

    /** {@return how many reductions of {@link #REDUCTION} elements there are} */
    long reductions() { return isSlerp() ? (elements + REDUCTION - 1) / REDUCTION : 0; }

    /** Reports the sums of one reduction; the last to come adds all up, in order. */
    void reduced(long index, double bb, double oo, double bo) {
        int at = (int) (3 * index);
        sums[at] = bb;
        sums[at + 1] = oo;
        sums[at + 2] = bo;
        if (missing.decrementAndGet() == 0) finish();
    }

    private void finish() {
        double[] all = new double[3];
        for (int i = 0; i < sums.length; i++) all[i % 3] += sums[i];
        factors = SlerpFactors.of(all[0], all[1], all[2], ((Operation.Slerp) plan.operation()).t());
        reduced.countDown();
    }

    /** Releases those who wait, when the run has failed. */
    void abandon() { reduced.countDown(); }

    /**
     * Slerp's factors, once all reductions have been reported.
     *
     * @return the factors; null for other methods, or if the run was abandoned
     */
    SlerpFactors factors() {
        if (!isSlerp()) return null;
        boolean interrupted = false;
        while (true) {
            try {
                reduced.await();
                break;
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
        return factors;
    }
}
