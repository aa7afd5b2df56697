package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.kernel.Kernels;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.json.Json;
import io.graft.merge.search.AutoSwap;
import io.graft.merge.search.Judge;
import io.graft.merge.search.MergeGradient;
import io.graft.merge.search.SearchInput;
import io.graft.merge.search.SearchModels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code graft autoswap}: chooses which expert each layer and module comes from, by gradients, and writes a recipe. */
@Command(name = "autoswap", description = "Choose which expert each layer and module comes from, by a few gradients, and write it as a recipe.",
        footer = {"", "Four gradients (of each ability, at the base and at the other expert) estimate what each unit's task vector does to each ability; choices for several weights of "
            + "the one against the other are judged by the questions, or by the calibration's loss where there are none, and the best is refined unit by unit.", "",
            "Example: graft autoswap --base graft-demo/base --math graft-demo/math-expert --language graft-demo/language-expert --world 0 --out auto.yml", "",
            "With --json: recipe, score, evaluations, passes, cost, seconds, choices (unit, source), trials (move, choices, score)."})
final class AutoswapCommand implements Callable<Integer> {

    @Mixin
    private SearchOptions search;

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "RECIPE.yml", description = "The recipe to write; graft merge runs it.")
    private Path out;

    @Option(names = "--budget", paramLabel = "N", defaultValue = "30", description = "What the search may cost: 1 an evaluation, 3 a gradient (default: ${DEFAULT-VALUE}).")
    private int budget;

    @Mixin
    private CommonOptions common;

    @Override
    public Integer call() {
        if (budget < 13) throw new RequestException("--budget", "too little for four gradients and an evaluation", "13 or more", budget);
        SearchInput input = search.input();
        long started = System.nanoTime();
        try (SearchModels models = new SearchModels(input.experts()); Kernels kernels = Kernels.open(common.kernels, common.threads); MergeGradient gradient = new MergeGradient(models, kernels)) {
            Judge judge = input.judge(models.source());
            if (judge == null) common.note("no questions to judge by (--evaluation): merges are judged by the calibration's loss");
            AutoSwap.Result found = AutoSwap.run(models, gradient, input.calibration(models.source(), 0), judge == null ? null : merge -> judge.of(merge.recipe(input.experts(), ""), kernels).score(), budget,
                    trial -> common.note(trial.move() + " " + trial.choices() + " " + number(trial.score())));
            double seconds = (System.nanoTime() - started) * 1e-9;
            String remark = "# graft autoswap: " + found.passes() + " gradients and " + found.evaluations() + " evaluations; " + (judge == null ? "objective " : "score ") + number(found.score()) + "\n";
            AtomicFile.write(out, found.merge().recipe(input.experts(), remark).getBytes(StandardCharsets.UTF_8));
            Map<String, Double> sets = judge == null ? Map.of() : judge.of(found.merge().recipe(input.experts(), ""), kernels).accuracies();
            if (common.json) System.out.print(Json.write(json(found, sets, models, seconds)));
            else print(found, sets, models, seconds);
        }
        return 0;
    }

    static String number(double value) { return String.format(Locale.ROOT, "%.4f", value); }

    private void print(AutoSwap.Result found, Map<String, Double> sets, SearchModels models, double seconds) {
        Table table = new Table("unit", "from");
        for (int unit = 0; unit < found.choices().size(); unit++) table.row(models.units().get(unit).name(), found.choices().get(unit));
        table.print(System.out, 0);
        System.out.println();
        sets.forEach((name, accuracy) -> System.out.println(name + "  " + Text.percent(accuracy)));
        System.out.println("score " + number(found.score()) + ", " + found.passes() + " gradients and " + found.evaluations() + " evaluations (cost " + found.cost() + ") in " + Text.seconds(seconds));
        System.out.println("written " + out + "; run: graft merge " + out + " merged");
    }

    private JsonObject json(AutoSwap.Result found, Map<String, Double> sets, SearchModels models, double seconds) {
        JsonObject json = new JsonObject(), accuracies = new JsonObject();
        json.addProperty("recipe", out.toString());
        json.addProperty("score", found.score());
        sets.forEach(accuracies::addProperty);
        json.add("accuracies", accuracies);
        json.addProperty("evaluations", found.evaluations());
        json.addProperty("passes", found.passes());
        json.addProperty("cost", found.cost());
        json.addProperty("seconds", seconds);
        JsonArray choices = new JsonArray(), trials = new JsonArray();
        for (int unit = 0; unit < found.choices().size(); unit++) {
            JsonObject each = new JsonObject();
            each.addProperty("unit", models.units().get(unit).name());
            each.addProperty("source", found.choices().get(unit));
            choices.add(each);
        }
        json.add("choices", choices);
        for (AutoSwap.Trial trial : found.trials()) {
            JsonObject each = new JsonObject();
            each.addProperty("move", trial.move());
            each.addProperty("choices", trial.choices());
            each.addProperty("score", trial.score());
            trials.add(each);
        }
        json.add("trials", trials);
        return json;
    }
}
