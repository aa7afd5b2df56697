package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelSources;
import io.graft.merge.analysis.Comparison;
import io.graft.merge.analysis.Diff;
import io.graft.merge.analysis.ModelComparison;
import io.graft.merge.analysis.TensorComparison;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft diff}: where two models differ, or where two experts of a base have gone, by layer and module. */
@Command(name = "diff", description = "Shows by layer and module where two models differ.",
        footer = {"", "Example: graft diff graft-demo/math-expert graft-demo/language-expert --base graft-demo/base", "",
            "With --json: a, b, base; total, layers, modules, cells (layer, module), outside and tensors with elements, change (norm of B - A), relative, "
                + "cosine, sign_agreement, changed; with a base also a_norm, a_relative, b_norm, b_relative (task vectors, of which cosine and sign_agreement then speak); "
                + "not_finite; not_compared. What is not defined is null."})
final class DiffCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "A", description = "A model: Hugging Face folder, .safetensors, .gguf, folder+adapter.")
    String a;

    @Parameters(index = "1", paramLabel = "B", description = "Another of the same shape.")
    String b;

    @Option(names = "--base", paramLabel = "C", description = "What both came from: then the two task vectors are compared.")
    String base;

    @Option(names = "--html", paramLabel = "FILE", description = "Write a page with heat maps, too.")
    Path html;

    @Mixin
    CommonOptions common = new CommonOptions();

    @Override
    public Integer call() {
        ModelComparison found = compare(common, a, b, base);
        if (html != null) {
            AtomicFile.write(html, DiffPage.of(found).getBytes(StandardCharsets.UTF_8));
            common.note("wrote " + html);
        }
        if (found.total().odd() > 0) common.warn(found.total().odd() + " values are infinite or not a number; they were left out");
        if (common.json) System.out.print(Json.write(json(found)));
        else print(found);
        return 0;
    }

    static ModelComparison compare(CommonOptions common, String a, String b, String base) {
        try (ModelSource first = ModelSources.open(a); ModelSource second = ModelSources.open(b); ModelSource origin = base == null ? null : ModelSources.open(base)) {
            Optional<ModelSource> from = Optional.ofNullable(origin);
            int models = base == null ? 2 : 3;
            try (Progress progress = Progress.start(common, "comparing", Diff.elements(first, second, from) * 4 * models)) {
                return Diff.compare(first, second, from, common.threads, elements -> progress.accept(elements * 4 * models));
            }
        }
    }

    private static void print(ModelComparison found) {
        boolean hasBase = found.base().isPresent();
        Table table = new Table(heads(hasBase));
        found.cells().forEach((place, sums) -> table.row(row(Integer.toString(place.layer()), place.module(), sums, hasBase)));
        for (TensorComparison tensor : found.outside()) table.row(row("", tensor.place().module(), tensor.result(), hasBase));
        table.row(row("", "everything", found.total(), hasBase));
        table.print(System.out, 0);
        for (String left : found.left()) System.out.println("not compared: " + Text.oneLine(left, 300));
        System.out.println();
        maps(found, System.out);
        System.out.println();
        System.out.println(DiffPage.summary(found));
    }

    static void maps(ModelComparison found, PrintStream to) {
        if (found.layers().isEmpty()) return;
        boolean first = true;
        for (HeatMap map : HeatMap.of(found)) {
            if (!first) to.println();
            new HeatMapText(to, Terminal.outHasColour()).draw(map);
            first = false;
        }
    }

    private static String[] heads(boolean hasBase) {
        List<String> heads = DiffColumns.heads(hasBase);
        String[] all = new String[heads.size() + 2];
        all[0] = ">layer";
        all[1] = "module";
        for (int i = 0; i < heads.size(); i++) all[i + 2] = ">" + heads.get(i);
        return all;
    }

    private static String[] row(String layer, String module, Comparison sums, boolean hasBase) {
        List<String> values = DiffColumns.values(sums, hasBase);
        String[] all = new String[values.size() + 2];
        all[0] = layer;
        all[1] = Text.oneLine(module, 80);
        for (int i = 0; i < values.size(); i++) all[i + 2] = values.get(i);
        return all;
    }

    private static JsonObject json(ModelComparison found) {
        boolean hasBase = found.base().isPresent();
        JsonObject all = new JsonObject();
        all.addProperty("a", found.a());
        all.addProperty("b", found.b());
        all.addProperty("base", found.base().orElse(null));
        all.add("total", measures(new JsonObject(), found.total(), hasBase));
        JsonArray layers = new JsonArray(), modules = new JsonArray(), cells = new JsonArray(), outside = new JsonArray(), tensors = new JsonArray(), left = new JsonArray();
        for (int layer : found.layers()) {
            JsonObject entry = new JsonObject();
            entry.addProperty("layer", layer);
            layers.add(measures(entry, found.layer(layer), hasBase));
        }
        for (String module : found.modules()) {
            JsonObject entry = new JsonObject();
            entry.addProperty("module", module);
            modules.add(measures(entry, found.module(module), hasBase));
        }
        found.cells().forEach((place, sums) -> {
            JsonObject entry = new JsonObject();
            entry.addProperty("layer", place.layer());
            entry.addProperty("module", place.module());
            cells.add(measures(entry, sums, hasBase));
        });
        for (TensorComparison tensor : found.outside()) {
            JsonObject entry = new JsonObject();
            entry.addProperty("name", tensor.name());
            outside.add(measures(entry, tensor.result(), hasBase));
        }
        for (TensorComparison tensor : found.tensors()) {
            JsonObject entry = new JsonObject();
            entry.addProperty("name", tensor.name());
            entry.addProperty("dtype", tensor.dtype().name());
            JsonArray shape = new JsonArray();
            for (long size : tensor.shape().toArray()) shape.add(size);
            entry.add("shape", shape);
            tensors.add(measures(entry, tensor.result(), hasBase));
        }
        for (String line : found.left()) left.add(line);
        all.add("layers", layers);
        all.add("modules", modules);
        all.add("cells", cells);
        all.add("outside", outside);
        all.add("tensors", tensors);
        all.add("not_compared", left);
        return all;
    }

    private static JsonObject measures(JsonObject to, Comparison sums, boolean hasBase) {
        to.addProperty("elements", sums.elements());
        number(to, "change", sums.norm());
        if (hasBase) {
            number(to, "a_norm", sums.firstNorm());
            number(to, "a_relative", sums.firstRelative());
            number(to, "b_norm", sums.secondNorm());
            number(to, "b_relative", sums.secondRelative());
        }
        number(to, "relative", sums.relative());
        number(to, "cosine", sums.cosine());
        number(to, "sign_agreement", sums.signAgreement());
        number(to, "changed", sums.changed());
        to.addProperty("not_finite", sums.odd());
        return to;
    }

    /** JSON has no NaN: what is not defined is null. */
    private static void number(JsonObject to, String key, double value) { to.addProperty(key, Double.isFinite(value) ? value : null); }
}
