package io.graft.merge.cli;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.formats.files.OutputFolder;
import io.graft.formats.gguf.GgufType;
import io.graft.formats.gguf.GgufWriter;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.merge.convert.Conversion;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.run.Merge;
import io.graft.merge.run.MergeOptions;
import io.graft.merge.run.MergeSummary;
import io.graft.merge.run.Models;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft convert}: any model argument as a Hugging Face folder, or as a GGUF file. */
@Command(name = "convert", description = "Writes a model as a Hugging Face folder, or as a GGUF where OUT ends in .gguf.",
        footer = {"", "An adapter is baked in by naming both: graft convert BASE+ADAPTER OUT", "", "Example: graft convert model.gguf OUT --dtype bf16", "",
            "With --json: out, format, bytes, tensors, files, seconds."})
final class ConvertCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "MODEL", description = "A Hugging Face folder, a .safetensors or .gguf file, folder+adapter, or a recipe (.yml).")
    String model;

    @Parameters(index = "1", paramLabel = "OUT", description = "The folder to appear, or a file that ends in .gguf.")
    Path out;

    @Option(names = "--dtype", paramLabel = "DTYPE", description = "Of the folder's floats: f32, bf16 or f16 (default: as they are; quantised ones become f32).")
    String dtype;

    @Option(names = "--type", paramLabel = "TYPE", description = "Of the GGUF's matrices: f32, f16, bf16 or q8_0 (default: the model's dtype). Norms stay f32.")
    String type;

    @Option(names = "--out-shard-size", paramLabel = "SIZE", defaultValue = "5B", converter = Sizes.class, description = "Most that one output file takes; B is a billion bytes (default: ${DEFAULT-VALUE}).")
    long shardSize;

    @Option(names = "--memory", paramLabel = "SIZE", defaultValue = "128MB", converter = Sizes.class, description = "Native scratch of a folder's run, all threads together (default: ${DEFAULT-VALUE}).")
    long memory;

    @Option(names = "--force", description = "Replace what OUT is.")
    boolean force;

    @Mixin
    CommonOptions common = new CommonOptions();

    @Override
    public Integer call() {
        boolean gguf = out.getFileName() != null && out.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".gguf");
        if (gguf && dtype != null) throw new RequestException("--dtype", "is for a folder", "--type for a GGUF", dtype);
        if (!gguf && type != null) throw new RequestException("--type", "is for a GGUF", "an OUT that ends in .gguf, or --dtype for a folder", out);
        if (common.threads < 1) throw new RequestException("--threads", "too few", "1 or more", common.threads);
        try (ModelSource source = Models.open(model)) {
            JsonObject result = gguf ? file(source) : folder(source);
            if (common.json) System.out.print(Json.write(result));
            else System.out.println(out + ": " + result.get("tensors").getAsLong() + " tensors, " + Text.bytes(result.get("bytes").getAsLong()) + " of " + result.get("format").getAsString() + " in "
                    + Text.seconds(result.get("seconds").getAsDouble()));
        }
        return 0;
    }

    private JsonObject folder(ModelSource source) {
        DType to = dtype == null ? null : DType.ofName(dtype);
        if (dtype != null && (to == null || !to.isComputable())) throw new RequestException("--dtype", "no dtype to convert to", "f32, bf16 or f16", dtype);
        OutputFolder.check(out, force);
        MergePlan plan = Conversion.plan(source, to);
        plan.warnings().forEach(common::note);
        MergeSummary summary = Interruptible.run(out, cancellation -> {
            try (Progress progress = Progress.start(common, "converting", Merge.bytes(plan))) {
                return Merge.run(plan, out, MergeOptions.defaults().withThreads(common.threads).withMemory(memory).withShards(shardSize).withForce(force).withSideFiles(true, false)
                        .watched(progress, null, cancellation));
            }
        });
        return result("safetensors", summary.bytes(), summary.tensors(), summary.files(), summary.seconds());
    }

    private JsonObject file(ModelSource source) {
        if (Files.isDirectory(out)) throw new RequestException(out.toString(), "a folder stands where the file should", "a file or nothing", "a folder");
        if (Files.exists(out) && !force) throw new RequestException(out.toString(), "the file exists already", null, null, "--force replaces it");
        GgufType to = type(source);
        GgufWriter writer = GgufWriter.plan(source, to);
        source.notes().forEach(common::note);
        writer.notes().forEach(common::note);
        long started = System.nanoTime();
        try (Progress progress = Progress.start(common, "converting", writer.bytes())) {
            writer.write(out, common.threads, progress);
        }
        return result("GGUF " + to, writer.bytes(), writer.tensorCount(), 1, (System.nanoTime() - started) / 1e9);
    }

    private GgufType type(ModelSource source) {
        String name = type;
        if (name == null) {
            SourceTensor first = source.tensors().values().stream().filter(tensor -> tensor.shape().rank() == 2).findFirst().orElse(null);
            name = first != null && first.dtype().isComputable() ? first.dtype().name() : "F32";
        }
        DType plain = DType.ofName(name);
        String wanted = plain == null ? name.toUpperCase(Locale.ROOT) : plain.name();
        for (GgufType each : new GgufType[] {GgufType.F32, GgufType.F16, GgufType.BF16, GgufType.Q8_0}) if (each.name().equals(wanted)) return each;
        throw new RequestException("--type", "no type that is written", "f32, f16, bf16 or q8_0", name);
    }

    private JsonObject result(String format, long bytes, long tensors, long files, double seconds) {
        JsonObject result = new JsonObject();
        result.addProperty("out", out.toString());
        result.addProperty("format", format);
        result.addProperty("bytes", bytes);
        result.addProperty("tensors", tensors);
        result.addProperty("files", files);
        result.addProperty("seconds", seconds);
        return result;
    }
}
