package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSources;
import io.graft.merge.Recipes;
import io.graft.merge.plan.Explanation;
import io.graft.merge.plan.Operation;
import io.graft.merge.plan.PlanSummary;
import io.graft.merge.plan.Planner;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code graft explain}: one output tensor's inputs and effective parameters, each with the line of the recipe that gave it. */
@Command(name = "explain", description = "Shows what a tensor of a merge is made of, and why.",
        footer = {"", "Example: graft explain recipe.yml model.layers.0.mlp.up_proj.weight", "",
            "--json keys: tensor, operation, dtype, shape, inputs, parameters [{name, model, value (null where it is no number), from (model|slice|recipe|default), where (file:line:column), how}]."})
final class ExplainCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "RECIPE", description = "A recipe, YAML.")
    Path recipe;

    @Parameters(index = "1", paramLabel = "TENSOR", description = "A tensor's name in the output.")
    String tensor;

    @Mixin
    CommonOptions common = new CommonOptions();

    @Override
    public Integer call() {
        Explanation explanation = Planner.explain(Recipes.read(recipe), ModelSources::open, tensor);
        if (common.json) System.out.print(Json.write(json(explanation)));
        else print(explanation);
        return 0;
    }

    private static String operation(Explanation explanation) {
        Operation operation = explanation.tensor().operation();
        return explanation.tensor().isCopied() ? "copy" : PlanSummary.word(operation);
    }

    private static void print(Explanation explanation) {
        System.out.println(Text.oneLine(explanation.tensor().name(), 500) + "  " + explanation.tensor().dtype() + " " + explanation.tensor().shape());
        System.out.println(operation(explanation) + " of");
        for (String input : explanation.inputs()) System.out.println("  " + Text.oneLine(input, 500));
        if (explanation.parameters().isEmpty()) return;
        System.out.println();
        Table table = new Table("parameter", "of", ">value", "from", "where", "how");
        for (Explanation.Fact fact : explanation.parameters()) {
            table.row(fact.name(), Text.oneLine(fact.model(), 100), Double.isNaN(fact.value()) ? "" : Double.toString(fact.value()), fact.from(), fact.where(), Text.oneLine(fact.how(), 200));
        }
        table.print(System.out, 0);
    }

    private static JsonObject json(Explanation explanation) {
        JsonObject json = new JsonObject();
        json.addProperty("tensor", explanation.tensor().name());
        json.addProperty("operation", operation(explanation));
        json.addProperty("dtype", explanation.tensor().dtype().name());
        JsonArray shape = new JsonArray(), inputs = new JsonArray(), parameters = new JsonArray();
        for (long size : explanation.tensor().shape().toArray()) shape.add(size);
        explanation.inputs().forEach(inputs::add);
        for (Explanation.Fact fact : explanation.parameters()) {
            JsonObject each = new JsonObject();
            each.addProperty("name", fact.name());
            each.addProperty("model", fact.model());
            each.add("value", Double.isNaN(fact.value()) ? JsonNull.INSTANCE : new JsonPrimitive(fact.value()));
            each.addProperty("from", fact.from());
            each.addProperty("where", fact.where());
            each.addProperty("how", fact.how());
            parameters.add(each);
        }
        json.add("shape", shape);
        json.add("inputs", inputs);
        json.add("parameters", parameters);
        return json;
    }
}
