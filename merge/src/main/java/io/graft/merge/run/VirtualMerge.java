package io.graft.merge.run;

import com.google.gson.JsonObject;
import io.graft.engine.RunException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import io.graft.engine.model.WeightSource;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import io.graft.formats.weights.ModelWeights;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.TensorPlan;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A merge that is not written: a model whose tensors are computed when somebody reads them. What the merge copies is read
 * where it lies; what it computes has the bits that {@link Merge#run} would write.
 *
 * <p>Safe for many threads. Each that reads at a time holds scratch for one piece, about 128 KiB for each input.
 */
public final class VirtualMerge implements ModelSource {

    private final String name;
    private final MergePlan plan;
    private final Scratch shares;
    private final InputFiles files = new InputFiles();
    private final SequencedMap<String, SourceTensor> tensors = new LinkedHashMap<>();
    private final ConcurrentLinkedQueue<Pieces> idle = new ConcurrentLinkedQueue<>();
    private final List<Owner> scratch = new ArrayList<>();
    private boolean closed;

    /**
     * A merge as a model.
     *
     * @param name what the user called it: the recipe's file
     * @param plan the plan, which this closes
     */
    public VirtualMerge(String name, MergePlan plan) {
        this.name = name;
        this.plan = plan;
        this.shares = Scratch.of(plan.tensors(), 1, Long.MAX_VALUE);
        List<TensorTask> tasks = new ArrayList<>();
        for (TensorPlan tensor : plan.tensors()) {
            Merge.check(tensor);
            TensorTask task = new TensorTask(tensor, null, 0);
            tasks.add(task);
            tensors.put(tensor.name(), new Merged(task));
        }
        Reduction.prepare(tasks);
    }

    /** {@return the plan that it computes by} */
    public MergePlan plan() { return plan; }

    /** {@return its weights: views of mapped files where the merge copies, else computed at the first use and kept; closing them closes this} */
    public WeightSource weights() { return new ModelWeights(this); }

    @Override
    public String name() { return name; }

    @Override
    public SequencedMap<String, SourceTensor> tensors() { return Collections.unmodifiableSequencedMap(tensors); }

    @Override
    public JsonObject config() { return plan.config().deepCopy(); }

    @Override
    public Optional<Path> folder() { return plan.sideFiles(); }

    @Override
    public SequencedMap<String, String> sideFiles() { return Collections.unmodifiableSequencedMap(plan.sideTexts()); }

    @Override
    public List<String> notes() { return plan.warnings(); }

    private Pieces worker() {
        Pieces free = idle.poll();
        if (free != null) return free;
        synchronized (this) {
            if (closed) throw new IllegalStateException(name + " is closed");
            Owner mine = Owner.allocate(name, shares.threadBytes());
            scratch.add(mine);
            return new Pieces(files, shares, mine.segment());
        }
    }

    @Override
    public synchronized void close() {
        if (closed) return;
        closed = true;
        idle.clear();
        for (Owner each : scratch) each.close();
        files.close();
        plan.close();
    }

    /** One of its tensors. */
    private final class Merged implements SourceTensor {

        private final TensorPlan tensor;
        private final TensorTask task;

        Merged(TensorTask task) {
            this.tensor = task.plan;
            this.task = task;
        }

        @Override
        public String name() { return tensor.name(); }

        @Override
        public DType dtype() { return tensor.dtype(); }

        @Override
        public Shape shape() { return tensor.shape(); }

        @Override
        public Optional<StoredRange> stored() {
            if (!tensor.isCopied()) return Optional.empty();
            StoredRange whole = task.inputs.getFirst().tensor().stored().orElseThrow();
            return Optional.of(new StoredRange(whole.file(), whole.offset(), tensor.dtype().bytes(tensor.shape().elements())));
        }

        @Override
        public void readF32(long first, long count, MemorySegment to) {
            if (!tensor.dtype().isComputable()) throw new IllegalStateException(tensor.name() + ": no arithmetic on " + tensor.dtype());
            java.util.Objects.checkFromIndexSize(first, count, task.elements);
            Pieces worker = worker(); // one that fails does not come back: its registers may hold half of something
            if (task.reduction() != null) reduce(task.reduction(), worker);
            for (long done = 0; done < count; ) {
                int now = (int) Math.min(shares.piece(), count - done);
                worker.computeF32(task, first + done, now, to.asSlice(4 * done, 4L * now));
                done += now;
            }
            idle.add(worker);
        }

        /** The passes before, by the first who comes. */
        private void reduce(Reduction reduction, Pieces pieces) {
            synchronized (reduction) {
                if (!reduction.isDone()) reduction.reduceAll(pieces);
            }
            if (!reduction.await()) throw new RunException(task.plan.name(), "cannot be computed: reading it failed before", null);
        }
    }
}
