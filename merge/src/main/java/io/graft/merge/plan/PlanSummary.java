package io.graft.merge.plan;

import io.graft.formats.huggingface.FolderLayout;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.safetensors.SafetensorsLayout.Spec;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * What a plan will cost, before it is run.
 *
 * <p>The time is {@code read / READ + computed / COMPUTE + written / WRITE}, bytes by rates: the inputs are taken to be in the page
 * cache; from a cold disk, its own rate bounds the reading. Rates of one machine with two cores (AMD EPYC, Zen 3), so an
 * estimate, not a promise: {@code cat} of 500 MB out of the cache 0.15-0.18 s, {@code cp} and {@code sync} of it 0.62-0.90 s with
 * other work beside; COMPUTE is an assumption between the two. A linear merge of two models
 * of 2.2 GB, for which this says 5.7 s, took 3.8 s on that machine when it was quiet.
 *
 * @param readBytes     bytes of the inputs by model, in the order of the plan; slerp and rescaled random masks read their inputs twice, selection by magnitude three times
 * @param writtenBytes  bytes of the output's tensors
 * @param copiedTensors tensors whose bytes are those of an input
 * @param copiedBytes   their bytes
 * @param operations    the other tensors: how many by operation
 * @param computedBytes their bytes in the output
 * @param shards        files of weights, as the run will cut them
 * @param seconds       an estimate of the time
 */
public record PlanSummary(SequencedMap<String, Long> readBytes, long writtenBytes, int copiedTensors, long copiedBytes, SequencedMap<String, Integer> operations, long computedBytes,
        int shards, double seconds) {

    /** Bytes a second out of the page cache. */
    public static final double READ = 3e9;
    /** Bytes a second onto the disk, synced. */
    public static final double WRITE = 0.7e9;
    /** Bytes of output a second through the arithmetic, two threads. */
    public static final double COMPUTE = 2e9;

    /**
     * Counts a plan.
     *
     * @param plan       the plan
     * @param shardBytes the greatest size of an output file
     * @return what it will read and write
     */
    public static PlanSummary of(MergePlan plan, long shardBytes) {
        Map<SourceTensor, String> owners = new IdentityHashMap<>();
        SequencedMap<String, Long> read = new LinkedHashMap<>();
        for (ModelSource input : plan.inputs()) {
            read.put(input.name(), 0L);
            for (SourceTensor tensor : input.tensors().values()) owners.putIfAbsent(tensor, input.name());
        }
        SequencedMap<String, Integer> operations = new LinkedHashMap<>();
        int copied = 0;
        long copiedBytes = 0, computedBytes = 0;
        for (TensorPlan tensor : plan.tensors()) {
            long bytes = tensor.dtype().bytes(tensor.shape().elements());
            if (tensor.isCopied()) {
                copied++;
                copiedBytes += bytes;
            } else {
                operations.merge(word(tensor.operation()), 1, Integer::sum);
                computedBytes += bytes;
            }
            int passes = passes(tensor.operation());
            for (SourceTensor input : tensor.operation().inputs()) read(input, passes, owners, read);
        }
        long all = read.values().stream().mapToLong(Long::longValue).sum();
        double seconds = all / READ + computedBytes / COMPUTE + (copiedBytes + computedBytes) / WRITE;
        List<Spec> specs = plan.tensors().stream().map(tensor -> new Spec(tensor.name(), tensor.dtype(), tensor.shape())).toList();
        int shards = plan.adapter() ? 1 : FolderLayout.of(specs, shardBytes, plan.metadata()).shards().size();
        return new PlanSummary(read, copiedBytes + computedBytes, copied, copiedBytes, operations, computedBytes, shards, seconds);
    }

    /** How often an operation reads its inputs; where elements of equal magnitude are at the edge, one pass more than this. */
    private static int passes(Operation operation) {
        return switch (operation) {
            case Operation.Slerp _ -> 2;
            case Operation.Sparse sparse -> {
                boolean ranks = sparse.parts().stream().anyMatch(part -> part.keep() instanceof Keep.Largest largest && largest.keep() > 0);
                yield ranks ? 3 : sparse.parts().stream().anyMatch(part -> part.rescale() && !(part.keep() instanceof Keep.All)) ? 2 : 1;
            }
            default -> 1;
        };
    }

    private static void read(SourceTensor input, int passes, Map<SourceTensor, String> owners, SequencedMap<String, Long> read) {
        if (input instanceof StackedFactor stacked) {
            read(stacked.first(), passes, owners, read);
            read(stacked.second(), passes, owners, read);
            return;
        }
        String owner = owners.getOrDefault(input instanceof CutTensor cut ? cut.whole() : input, "adapters");
        read.merge(owner, passes * input.dtype().bytes(input.shape().elements()), Long::sum);
    }

    /**
     * An operation's name.
     *
     * @param operation any
     * @return such as {@code linear} or {@code blend}; a copy that changes the dtype, or whose bytes must be computed, is {@code convert}
     */
    public static String word(Operation operation) {
        return switch (operation) {
            case Operation.Copy _ -> "convert";
            case Operation.Scale _ -> "scale";
            case Operation.Linear _ -> "linear";
            case Operation.TaskArithmetic _ -> "task_arithmetic";
            case Operation.Slerp _ -> "slerp";
            case Operation.Blend _ -> "blend";
            case Operation.Sum _ -> "sum";
            case Operation.TaskVectors task -> task.method();
            case Operation.Rollback _ -> "rollback";
        };
    }
}
