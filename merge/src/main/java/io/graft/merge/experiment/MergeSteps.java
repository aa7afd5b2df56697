package io.graft.merge.experiment;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.json.Json;
import io.graft.formats.model.BorrowedModel;
import io.graft.formats.model.ModelSource;
import io.graft.merge.analysis.Comparison;
import io.graft.merge.analysis.Diff;
import io.graft.merge.analysis.ModelComparison;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.Planner;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.run.Merge;
import io.graft.merge.run.MergeOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Steps that write a merge or look into models. */
final class MergeSteps {

    private MergeSteps() {}

    /** Writes a merge whose output is an adapter. */
    static Step adapter(String label, Recipe recipe, Map<String, Node> inputs, StudyPlan plan, String key) {
        Step.Work work = (folder, _) -> {
            // An adapter's inputs are opened by their arguments: the planner looks for the adapters themselves.
            try (MergePlan merge = Planner.plan(recipe, name -> Node.openArgument(Node.argument(inputs.get(name), plan.pool())))) {
                Merge.run(merge, folder.resolve("model"), MergeOptions.defaults().withForce(true).withSideFiles(false, false));
            }
        };
        List<Step> needs = inputs.values().stream().flatMap(node -> node.steps().stream()).distinct().toList();
        return new Step("write adapter " + label, Step.Kind.MERGE, key, needs, Cost.SMALL, work);
    }

    /** Compares experts with their base, layer by layer. */
    static Step analysis(Node base, Map<String, Node> experts, StudyPlan plan, String format, Costs costs) {
        Hash key = new Hash().add(format).add("analysis").add(base.key());
        experts.forEach((name, node) -> key.add(name).add(node.key()));
        List<Step> needs = experts.values().stream().flatMap(node -> node.steps().stream()).distinct().toList();
        return new Step("analyse", Step.Kind.ANALYSE, key.hex(), needs, costs.reading(2 * experts.size()), (folder, progress) -> {
            JsonObject all = new JsonObject();
            int done = 0;
            ModelSource from = base.open(plan.pool());
            for (Map.Entry<String, Node> each : experts.entrySet()) {
                all.add(each.getKey(), changes(from, each.getValue().open(plan.pool()), plan.threads));
                progress.at(++done / (double) experts.size(), each.getKey());
            }
            AtomicFile.write(folder.resolve("result.json"), Json.write(all).getBytes(StandardCharsets.UTF_8));
        });
    }

    /** By layer: the norm of the change over the norm of the base; and the same of what is in no layer. */
    private static JsonObject changes(ModelSource base, ModelSource expert, int threads) {
        ModelComparison found = Diff.compare(new BorrowedModel(base), new BorrowedModel(expert), Optional.empty(), threads, _ -> {});
        JsonObject json = new JsonObject();
        JsonArray layers = new JsonArray();
        for (int layer : found.layers()) layers.add(Outcome.round(found.layer(layer).relative()));
        json.add("layers", layers);
        JsonObject outside = new JsonObject();
        found.outside().forEach(tensor -> outside.addProperty(tensor.place().module(), Outcome.round(tensor.result().relative())));
        json.add("outside", outside);
        Comparison total = found.total();
        json.addProperty("all", Outcome.round(total.relative()));
        return json;
    }
}
