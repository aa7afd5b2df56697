package io.graft.merge.cli;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.files.OutputFolder;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.run.Merge;
import io.graft.merge.run.MergeOptions;
import io.graft.merge.run.MergeSummary;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** How a merge is written, by the commands that write one, and what they say of it. */
final class OutputOptions {

    @Option(names = "--force", description = "Replace an output folder that is not empty.")
    private boolean force;

    @Option(names = "--memory", paramLabel = "SIZE", defaultValue = "128MB", converter = Sizes.class, description = "Native scratch, all threads together (default: ${DEFAULT-VALUE}).")
    private long memory;

    @Option(names = "--out-shard-size", paramLabel = "SIZE", defaultValue = "5B", converter = Sizes.class, description = "Most that one output file takes; B is a billion bytes (default: ${DEFAULT-VALUE}).")
    private long shardSize;

    @Option(names = "--copy-tokenizer", negatable = true, defaultValue = "true", fallbackValue = "true", description = "Copy tokenizer and chat template, or not (default: copy).")
    private boolean copyTokenizer;

    @Option(names = "--write-model-card", negatable = true, defaultValue = "true", fallbackValue = "true", description = "Write README.md and mergekit_config.yml, or not (default: write).")
    private boolean writeModelCard;

    @Option(names = "--write-threads", paramLabel = "N", defaultValue = "0", description = "Threads that may write at once (default: all).")
    private int writeThreads;

    /** What can be wrong before a model is opened. */
    void check(Path out, CommonOptions common) {
        if (common.threads < 1) throw new RequestException("--threads", "too few", "1 or more", common.threads);
        if (writeThreads < 0) throw new RequestException("--write-threads", "too few", "1 or more, or 0 for all", writeThreads);
        OutputFolder.check(out, force);
    }

    /** Runs a plan, with warnings and progress, and prints what was done. */
    void run(MergePlan plan, Path out, CommonOptions common) {
        for (String warning : plan.warnings()) common.warn(warning);
        for (ModelSource input : plan.inputs()) for (String note : input.notes()) common.note(note);
        MergeSummary done = Interruptible.run(out, cancellation -> {
            try (Progress progress = Progress.start(common, "merging", Merge.bytes(plan))) {
                return Merge.run(plan, out, new MergeOptions(common.threads, writeThreads, memory, shardSize, force, copyTokenizer, writeModelCard, progress, cancellation, null));
            }
        });
        if (common.json) System.out.print(Json.write(json(plan, out, done)));
        else print(out, done);
    }

    private static void print(Path out, MergeSummary done) {
        System.out.println(out + ": " + Text.count(done.tensors()) + " tensors, " + Text.bytes(done.bytes()) + " in " + done.files() + (done.files() == 1 ? " file" : " files"));
        System.out.println("copied   " + Text.bytes(done.copiedBytes()) + " (" + Text.count(done.copiedTensors()) + " tensors)");
        System.out.println("computed " + Text.bytes(done.computedBytes()) + " (" + Text.count(done.tensors() - done.copiedTensors()) + " tensors)");
        System.out.println("took     " + Text.seconds(done.seconds()) + ", " + Text.bytes((long) done.bytesPerSecond()) + "/s, of which " + Text.seconds(done.syncSeconds()) + " to bring it to the disk");
    }

    private static JsonObject json(MergePlan plan, Path out, MergeSummary done) {
        JsonObject json = new JsonObject();
        json.addProperty("out", out.toString());
        json.addProperty("method", plan.method());
        json.addProperty("adapter", plan.adapter());
        json.addProperty("tensors", done.tensors());
        json.addProperty("copied_tensors", done.copiedTensors());
        json.addProperty("computed_tensors", done.tensors() - done.copiedTensors());
        json.addProperty("bytes", done.bytes());
        json.addProperty("copied_bytes", done.copiedBytes());
        json.addProperty("computed_bytes", done.computedBytes());
        json.addProperty("read_bytes", done.readBytes());
        json.addProperty("files", done.files());
        json.addProperty("seconds", done.seconds());
        json.addProperty("sync_seconds", done.syncSeconds());
        json.addProperty("bytes_per_second", done.bytesPerSecond());
        json.addProperty("threads", done.threads());
        json.addProperty("scratch_bytes", done.scratchBytes());
        return json;
    }
}
