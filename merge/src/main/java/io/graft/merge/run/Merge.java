package io.graft.merge.run;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.formats.files.OutputFolder;
import io.graft.formats.huggingface.FolderLayout;
import io.graft.formats.json.Json;
import io.graft.formats.safetensors.SafetensorsLayout;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.Operation;
import io.graft.merge.plan.TensorPlan;
import io.graft.merge.run.MergeOptions.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Runs a planned merge.
 *
 * <pre>{@code
 * try (MergePlan plan = ...) {
 *     MergeSummary summary = Merge.run(plan, Path.of("merged"), MergeOptions.defaults().withThreads(8));
 * }
 * }</pre>
 *
 * <p>Where every byte goes is known before the first is written. Native memory stays within {@link MergeOptions#memoryBytes}
 * whatever the model's size, and the output's bytes are the same for any threads and memory. The folder appears
 * complete or not at all: killed at any moment, a run leaves a hidden sibling at most, which the next run to the same place removes.
 */
public final class Merge {

    private Merge() {}

    /**
     * The size of what a plan makes.
     *
     * @param plan the plan
     * @return bytes of all its tensors: what {@link MergeOptions#progress} is told in all
     */
    public static long bytes(MergePlan plan) {
        long sum = 0;
        for (TensorPlan tensor : plan.tensors()) sum += tensor.dtype().bytes(tensor.shape().elements());
        return sum;
    }

    /**
     * Runs a merge into a Hugging Face folder. The plan stays open: the caller closes it.
     *
     * @param plan    what to do
     * @param out     the folder to appear
     * @param options how
     * @return what was done
     * @throws RequestException if the output folder exists and is not empty (without force), the disk has too little room, or
     *                          the memory is too little for the recipe; nothing has been written
     * @throws RunException     if reading or writing failed, or the run was cancelled; the output place is as it was
     */
    public static MergeSummary run(MergePlan plan, Path out, MergeOptions options) {
        boolean finished = false;
        try {
            MergeSummary summary = fill(plan, out, options);
            finished = true;
            return summary;
        } finally {
            if (options.cancellation() != null) options.cancellation().ended(finished);
        }
    }

    private static MergeSummary fill(MergePlan plan, Path out, MergeOptions options) {
        long started = System.nanoTime();
        for (TensorPlan tensor : plan.tensors()) check(tensor);
        Scratch shares = Scratch.of(plan.tensors(), options.threads(), options.memoryBytes());
        long bytes = bytes(plan);
        tell(options, Phase.LAYOUT);
        FolderLayout layout = layout(plan, options);
        OutputFolder.check(out, options.force());
        room(out, bytes);
        try (OutputFolder folder = OutputFolder.begin(out, options.force()); InputFiles inputs = new InputFiles()) {
            List<OutputFile> files = new ArrayList<>();
            long read;
            try {
                List<TensorTask> tasks = begin(plan, layout, folder.path(), files);
                Reduction.prepare(tasks);
                tell(options, Phase.TENSORS);
                read = new Workers(tasks, inputs, shares, options).run();
            } finally {
                for (OutputFile file : files) file.close();
            }
            tell(options, Phase.SIDE_FILES);
            layout.index().ifPresent(index -> Companions.text(folder.path().resolve(FolderLayout.INDEX_NAME), Json.write(index)));
            Companions.write(plan, options, folder.path());
            if (options.cancellation() != null && options.cancellation().isRequested()) throw new RunException("merge", "stopped on request", null);
            tell(options, Phase.COMMIT);
            long syncing = System.nanoTime();
            folder.commit();
            long ended = System.nanoTime();
            tell(options, Phase.DONE);
            return summary(plan, bytes, read, files.size(), (ended - started) / 1e9, (ended - syncing) / 1e9, shares);
        }
    }

    private static MergeSummary summary(MergePlan plan, long bytes, long read, int files, double seconds, double syncSeconds, Scratch shares) {
        int copied = 0;
        long copiedBytes = 0;
        for (TensorPlan tensor : plan.tensors()) {
            if (!tensor.isCopied()) continue;
            copied++;
            copiedBytes += tensor.dtype().bytes(tensor.shape().elements());
        }
        return new MergeSummary(plan.tensors().size(), copied, bytes, copiedBytes, read, files, seconds, syncSeconds, shares.threads(), shares.bytes());
    }

    /** Begins every output file, and gives each tensor its place, in the order of the files. */
    private static List<TensorTask> begin(MergePlan plan, FolderLayout layout, Path folder, List<OutputFile> files) {
        Map<String, TensorPlan> plans = new HashMap<>();
        for (TensorPlan tensor : plan.tensors()) plans.put(tensor.name(), tensor);
        List<TensorTask> tasks = new ArrayList<>(plans.size());
        for (FolderLayout.Shard shard : layout.shards()) {
            SafetensorsLayout inside = shard.layout();
            OutputFile file = new OutputFile(folder.resolve(shard.fileName()), inside.header(), inside.fileBytes());
            files.add(file);
            for (SafetensorsLayout.Spec spec : inside.tensors()) tasks.add(new TensorTask(plans.get(spec.name()), file, inside.position(spec.name())));
        }
        return tasks;
    }

    private static FolderLayout layout(MergePlan plan, MergeOptions options) {
        List<SafetensorsLayout.Spec> specs = new ArrayList<>();
        for (TensorPlan tensor : plan.tensors()) specs.add(new SafetensorsLayout.Spec(tensor.name(), tensor.dtype(), tensor.shape()));
        if (!plan.adapter()) return FolderLayout.of(specs, options.shardBytes(), plan.metadata());
        Map<String, String> metadata = new LinkedHashMap<>(plan.metadata());
        metadata.putIfAbsent("format", "pt");
        return new FolderLayout(List.of(new FolderLayout.Shard("adapter_model.safetensors", SafetensorsLayout.of(specs, metadata))), Optional.empty());
    }

    /** What planning should have seen to, so that no thread stumbles over it half-way. */
    static void check(TensorPlan tensor) {
        if (tensor.isCopied()) {
            bounds(tensor);
            return;
        }
        if (!tensor.dtype().isComputable()) throw new RequestException(tensor.name(), "cannot be computed", "an output of F32, BF16 or F16", tensor.dtype());
        for (var input : tensor.operation().inputs())
            if (!input.dtype().isComputable()) throw new RequestException(tensor.name(), "cannot be computed from " + input.name(), "F32, BF16 or F16", input.dtype());
        if (tensor.operation() instanceof Operation.Linear linear && linear.terms().isEmpty()) throw new RequestException(tensor.name(), "no input", "one or more", 0);
        bounds(tensor);
    }

    private static void bounds(TensorPlan tensor) {
        for (var input : tensor.operation().inputs())
            if (input.shape().elements() < tensor.shape().elements())
                throw new RequestException(tensor.name(), "the input " + input.name() + " is too small", tensor.shape(), input.shape());
    }

    /** Asks the disk beforehand: most runs that would not fit are told so at once. */
    private static void room(Path out, long bytes) {
        Path place = out.toAbsolutePath().normalize().getParent();
        while (place != null && !Files.isDirectory(place)) place = place.getParent();
        if (place == null) return;
        try {
            long usable = Files.getFileStore(place).getUsableSpace();
            if (usable < bytes) throw new RequestException(place.toString(), "too little room on the disk", bytes + " bytes", usable + " bytes", "free space there, or write to another disk");
        } catch (IOException unknown) {
            // A file system that cannot say will say so when it is full.
        }
    }

    private static void tell(MergeOptions options, Phase phase) {
        if (options.phase() != null) options.phase().accept(phase);
    }
}
