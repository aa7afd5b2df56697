package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.merge.train.TrainListener;
import io.graft.merge.train.TrainOutline;
import io.graft.merge.train.TrainResult;
import java.io.PrintStream;
import java.util.Locale;

/** What a training did, or would do, for people and as JSON. */
final class TrainReport {

    /** Share of the GEMM rate that a whole step reaches. */
    private static final double SHARE = 0.75;

    private TrainReport() {}

    static void print(TrainResult result, PrintStream out) {
        out.println(result.output() + ": " + Text.count(result.steps().size()) + " steps, " + Text.count(result.tokens()) + " tokens in " + Text.seconds(result.seconds())
                + (result.resumedFrom() > 0 ? ", after the " + Text.count(result.resumedFrom()) + " steps of a checkpoint" : ""));
        out.println("loss        " + loss(result.steps().isEmpty() ? Double.NaN : result.steps().getFirst().loss()) + " -> " + loss(result.loss()));
        if (!result.validations().isEmpty()) out.println("validation  " + loss(result.validations().getFirst().loss()) + " -> " + loss(result.validationLoss()));
        if (result.outputStep() != result.steps().size()) out.println("weights     those after step " + result.outputStep() + ", with the lowest validation loss");
        out.println("metrics     " + result.work().resolve("metrics.jsonl"));
    }

    static String loss(double loss) { return Double.isNaN(loss) ? "-" : String.format(Locale.ROOT, "%.4f", loss); }

    static JsonObject json(TrainResult result) {
        JsonObject json = new JsonObject();
        json.addProperty("output", result.output().toString());
        json.addProperty("output_step", result.outputStep());
        json.addProperty("completed", result.completed());
        json.addProperty("steps", result.steps().size());
        json.addProperty("resumed_from", result.resumedFrom());
        json.addProperty("tokens", result.tokens());
        json.addProperty("seconds", result.seconds());
        json.addProperty("loss", finite(result.loss()));
        JsonArray validations = new JsonArray();
        for (TrainListener.Validation each : result.validations()) {
            JsonObject one = new JsonObject();
            one.addProperty("step", each.step());
            one.addProperty("loss", finite(each.loss()));
            validations.add(one);
        }
        json.add("validation", validations);
        json.addProperty("metrics", result.work().resolve("metrics.jsonl").toString());
        return json;
    }

    private static Double finite(double value) { return Double.isFinite(value) ? value : null; }

    static void print(TrainOutline outline, double gigaflops, PrintStream out) {
        out.println(outline.model() + ": " + Text.count(outline.trained()) + " of " + Text.count(outline.parameters()) + " parameters would be trained ("
                + Text.percent(outline.trained() / (double) outline.parameters()) + ")");
        boolean parts = outline.parts().size() > 1;
        Table table = parts ? new Table("part", "module", ">tensors", ">parameters") : new Table("module", ">tensors", ">parameters");
        for (TrainOutline.Group each : outline.groups()) {
            if (parts) table.row(String.valueOf(each.part()), each.module(), Text.count(each.tensors()), Text.count(each.elements()));
            else table.row(each.module(), Text.count(each.tensors()), Text.count(each.elements()));
        }
        table.print(out, 2);
        for (int i = 0; i < outline.parts().size(); i++) out.println("data" + (parts ? " " + i : "") + ": " + data(outline.parts().get(i)));
        if (outline.validation() != null) out.println("validation: " + data(outline.validation()));
        out.println("steps: " + Text.count(outline.steps()) + " of " + outline.rowsPerStep() + " rows, " + Text.count(Math.round(outline.tokensPerStep())) + " tokens a step on average");
        out.println("memory: " + Text.bytes(outline.bytes()) + " beside the mapped weights and the JVM");
        for (TrainOutline.Bytes each : outline.memory()) out.println("  " + Text.bytes(each.bytes()) + "  " + each.what());
        out.println("a step: about " + Text.seconds(seconds(outline, gigaflops)) + " (" + number(outline.flopsPerStep() / 1e9) + " GFLOP at " + Math.round(100 * SHARE) + " % of the " + number(gigaflops)
                + " GFLOP/s that matrices are multiplied at here), all: about " + Text.seconds(outline.steps() * seconds(outline, gigaflops)));
    }

    private static String number(double value) { return String.format(Locale.ROOT, "%.1f", value); }

    private static double seconds(TrainOutline outline, double gigaflops) { return outline.flopsPerStep() / (SHARE * gigaflops * 1e9); }

    private static String data(TrainOutline.Data data) {
        return Text.count(data.examples()) + " examples, " + Text.count(data.tokens()) + " tokens, the longest of " + Text.count(data.longest()) + (data.cut() > 0 ? "; " + Text.count(data.cutTokens()) + " tokens cut off "
                + Text.count(data.cut()) + " examples" : "") + (data.empty() > 0 ? "; " + Text.count(data.empty()) + " left out" : "");
    }

    static JsonObject json(TrainOutline outline, double gigaflops) {
        JsonObject json = new JsonObject();
        json.addProperty("model", outline.model());
        json.addProperty("parameters", outline.parameters());
        json.addProperty("trained", outline.trained());
        JsonArray groups = new JsonArray();
        for (TrainOutline.Group each : outline.groups()) {
            JsonObject one = new JsonObject();
            one.addProperty("part", each.part());
            one.addProperty("module", each.module());
            one.addProperty("tensors", each.tensors());
            one.addProperty("parameters", each.elements());
            groups.add(one);
        }
        json.add("modules", groups);
        json.addProperty("steps", outline.steps());
        json.addProperty("rows_per_step", outline.rowsPerStep());
        json.addProperty("tokens_per_step", outline.tokensPerStep());
        JsonArray data = new JsonArray();
        outline.parts().forEach(each -> data.add(json(each)));
        json.add("data", data);
        if (outline.validation() != null) json.add("validation", json(outline.validation()));
        JsonObject memory = new JsonObject();
        outline.memory().forEach(each -> memory.addProperty(each.what(), each.bytes()));
        json.add("memory_bytes", memory);
        json.addProperty("flops_per_step", outline.flopsPerStep());
        json.addProperty("gemm_gigaflops", gigaflops);
        json.addProperty("seconds_per_step", seconds(outline, gigaflops));
        return json;
    }

    private static JsonObject json(TrainOutline.Data data) {
        JsonObject json = new JsonObject();
        json.addProperty("examples", data.examples());
        json.addProperty("tokens", data.tokens());
        json.addProperty("longest", data.longest());
        json.addProperty("cut_examples", data.cut());
        json.addProperty("cut_tokens", data.cutTokens());
        json.addProperty("left_out", data.empty());
        return json;
    }

    /** The rate at which matrices are multiplied here: a short measurement. */
    static double gigaflops(CommonOptions common) {
        int size = 128;
        try (Kernels kernels = Kernels.open(common.kernels, common.threads); Tensor a = kernels.allocate("a", Shape.of(size, size)); Tensor b = kernels.allocate("b", Shape.of(size, size));
                Tensor c = kernels.allocate("c", Shape.of(size, size))) {
            double best = 0;
            // The first products are interpreted; compiling takes a second, several on a busy machine.
            long started = System.nanoTime(), better = started, now = started;
            while (now - better < 700_000_000L && now - started < 6_000_000_000L || best < 2 && now - started < 6_000_000_000L) {
                kernels.matmul(a, false, b, true, c, false);
                long ended = System.nanoTime();
                double rate = 2.0 * size * size * size / (ended - now);
                if (rate > 1.1 * best) better = ended;
                best = Math.max(best, rate);
                now = ended;
            }
            return best;
        }
    }
}
