package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.formats.files.ByteSize;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSources;
import io.graft.merge.Recipes;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.PlanSummary;
import io.graft.merge.plan.Planner;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft plan}: validates a recipe as merge does, and says what it would read, write, copy and compute. */
@Command(name = "plan", description = "Checks a recipe and says what its merge will cost.",
        footer = {"", "Example: graft plan recipe.yml", "",
            "Time = bytes read at 3 GB/s (page cache) + bytes computed at 2 GB/s + bytes written and synced at 0.7 GB/s, rates of two cores of an AMD EPYC: an estimate.",
            "Memory = the scratch of --memory at most, whatever the model's size, and the JVM beside it (about 100 MB).", "",
            "--json keys: method, output (model|adapter), read (bytes by model), read_bytes, written_bytes, copied {tensors, bytes}, computed {bytes, operations (tensors by operation)}, "
                + "shards, tensors, seconds, scratch_bytes, config (what config.json will say), metadata, warnings."})
final class PlanCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "RECIPE", description = "A recipe, YAML; paths in it are relative to the working directory.")
    Path recipe;

    @Option(names = "--out-shard-size", paramLabel = "SIZE", description = "Greatest size of an output file (default: 5B = 5 GB).")
    String shardSize = "5B";

    @Option(names = "--memory", paramLabel = "SIZE", description = "Native scratch (default: 128MB).")
    String memory = "128MB";

    @Mixin
    CommonOptions common = new CommonOptions();

    @Override
    public Integer call() {
        long shardBytes = ByteSize.parse(shardSize), scratch = ByteSize.parse(memory);
        try (MergePlan plan = Planner.plan(Recipes.read(recipe), ModelSources::open)) {
            plan.warnings().forEach(common::warn);
            PlanSummary summary = PlanSummary.of(plan, shardBytes);
            if (common.json) System.out.print(Json.write(json(plan, summary, scratch)));
            else print(plan, summary, scratch, System.out);
        }
        return 0;
    }

    private static void print(MergePlan plan, PlanSummary summary, long scratch, PrintStream out) {
        long read = summary.readBytes().values().stream().mapToLong(Long::longValue).sum();
        out.println(plan.method() + ": " + plan.tensors().size() + " tensors of " + (plan.adapter() ? "an adapter" : "a model"));
        Table table = new Table("", ">tensors", ">bytes", "of");
        summary.readBytes().forEach((model, bytes) -> table.row("read", "", Text.bytes(bytes), Text.oneLine(model, 200)));
        table.row("copied unchanged", Integer.toString(summary.copiedTensors()), Text.bytes(summary.copiedBytes()), "");
        int computed = summary.operations().values().stream().mapToInt(Integer::intValue).sum();
        table.row("computed", Integer.toString(computed), Text.bytes(summary.computedBytes()), String.join(", ", summary.operations().entrySet().stream().map(each -> each.getValue() + " " + each.getKey()).toList()));
        table.row("written", Integer.toString(plan.tensors().size()), Text.bytes(summary.writtenBytes()), summary.shards() + (summary.shards() == 1 ? " file" : " files"));
        table.print(out, 0);
        out.println();
        out.println("about " + Text.seconds(summary.seconds()) + " (" + Text.bytes(read) + " read, " + Text.bytes(summary.writtenBytes()) + " written); at most " + Text.bytes(scratch) + " of scratch, and the JVM");
        Table choices = new Table("choice", "value");
        plan.metadata().forEach((key, value) -> choices.row(key.replace("graft.", ""), Text.oneLine(value, 200)));
        out.println();
        choices.print(out, 0);
    }

    private static JsonObject json(MergePlan plan, PlanSummary summary, long scratch) {
        JsonObject json = new JsonObject();
        json.addProperty("method", plan.method());
        json.addProperty("output", plan.adapter() ? "adapter" : "model");
        JsonObject read = new JsonObject();
        summary.readBytes().forEach(read::addProperty);
        json.add("read", read);
        json.addProperty("read_bytes", summary.readBytes().values().stream().mapToLong(Long::longValue).sum());
        json.addProperty("written_bytes", summary.writtenBytes());
        JsonObject copied = new JsonObject();
        copied.addProperty("tensors", summary.copiedTensors());
        copied.addProperty("bytes", summary.copiedBytes());
        json.add("copied", copied);
        JsonObject computed = new JsonObject(), operations = new JsonObject();
        summary.operations().forEach(operations::addProperty);
        computed.addProperty("bytes", summary.computedBytes());
        computed.add("operations", operations);
        json.add("computed", computed);
        json.addProperty("shards", summary.shards());
        json.addProperty("tensors", plan.tensors().size());
        json.addProperty("seconds", Double.parseDouble(String.format(Locale.ROOT, "%.3f", summary.seconds())));
        json.addProperty("scratch_bytes", scratch);
        json.add("config", plan.config());
        JsonObject metadata = new JsonObject();
        plan.metadata().forEach(metadata::addProperty);
        json.add("metadata", metadata);
        JsonArray warnings = new JsonArray();
        plan.warnings().forEach(warnings::add);
        json.add("warnings", warnings);
        return json;
    }
}
