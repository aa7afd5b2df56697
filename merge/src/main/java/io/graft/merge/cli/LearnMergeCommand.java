package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.kernel.Kernels;
import io.graft.formats.examples.Example;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.json.Json;
import io.graft.merge.search.Calibration;
import io.graft.merge.search.Family;
import io.graft.merge.search.Judge;
import io.graft.merge.search.LearnedMerge;
import io.graft.merge.search.MergeGradient;
import io.graft.merge.search.SearchInput;
import io.graft.merge.search.SearchModels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code graft learn-merge}: coefficients for each layer and module by gradient descent through the merge. */
@Command(name = "learn-merge", description = "Learn how much of each expert every layer and module takes, by gradient descent through the merge, and write it as a recipe.",
        footer = {"", "A quarter of the calibration texts is held out: no step learns from it, and the best coefficients by it are kept.", "",
            "Example: graft learn-merge --base graft-demo/base --math graft-demo/math-expert --language graft-demo/language-expert --world 0 --out learned.yml", "",
            "With --json: recipe, objective, others (of simple merges), accuracies, passes, seconds, checks (step, training, held_out), coefficients (unit, values)."})
final class LearnMergeCommand implements Callable<Integer> {

    /** Of the synthetic world: enough that 60 steps of 64 lines see each about twice. */
    private static final int WORLD_LINES = 2048;
    private static final int HELD_OUT = 4;

    @Mixin
    private SearchOptions search;

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "RECIPE.yml", description = "The recipe to write; graft merge runs it.")
    private Path out;

    @Option(names = "--family", paramLabel = "NAME", defaultValue = "task_arithmetic", description = "task_arithmetic, linear or transition (default: ${DEFAULT-VALUE}).")
    private String family;

    @Option(names = "--steps", paramLabel = "N", defaultValue = "60", description = "Steps (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--lr", paramLabel = "RATE", defaultValue = "0.1", description = "Adam's rate at the start (default: ${DEFAULT-VALUE}).")
    private double rate;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "64", description = "Texts of each ability in a step (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(names = "--language-weight", paramLabel = "X", defaultValue = "1", description = "What the language counts against the math, in units of what each expert gained (default: ${DEFAULT-VALUE}).")
    private double languageWeight;

    @Option(names = "--free", description = "Let coefficients leave 0 to 1.")
    private boolean free;

    @Mixin
    private CommonOptions common;

    @Override
    public Integer call() {
        LearnedMerge.Settings settings = settings();
        SearchInput input = search.input();
        long started = System.nanoTime();
        try (SearchModels models = new SearchModels(input.experts()); Kernels kernels = Kernels.open(common.kernels, common.threads); MergeGradient gradient = new MergeGradient(models, kernels)) {
            Judge judge = input.judge(models.source());
            Calibration all = input.calibration(models.source(), search.lines == null ? WORLD_LINES : 0);
            LearnedMerge.Result found = LearnedMerge.run(models, gradient, part(all, false), part(all, true), settings,
                    check -> common.note("step " + check.step() + ": " + AutoswapCommand.number(check.heldOut()) + " on the texts held out"));
            double seconds = (System.nanoTime() - started) * 1e-9;
            String recipe = found.merge().recipe(input.experts(), "# graft learn-merge: " + found.passes() + " gradients; objective " + AutoswapCommand.number(found.objective()) + " on the texts held out\n");
            AtomicFile.write(out, recipe.getBytes(StandardCharsets.UTF_8));
            Map<String, Double> sets = judge == null ? Map.of() : judge.of(recipe, kernels).accuracies();
            if (common.json) System.out.print(Json.write(json(found, sets, models, seconds)));
            else print(found, sets, models, seconds);
        }
        return 0;
    }

    private LearnedMerge.Settings settings() {
        Family chosen = null;
        for (Family each : Family.values()) if (each.word().equals(family.toLowerCase(Locale.ROOT).replace('-', '_'))) chosen = each;
        if (chosen == null) throw new RequestException("--family", "no such family of merges", "task_arithmetic, linear or transition", family);
        if (steps < 1) throw new RequestException("--steps", "too few", "1 or more", steps);
        if (batch < 1) throw new RequestException("--batch", "too few", "1 or more", batch);
        if (!(rate > 0) || Double.isInfinite(rate)) throw new RequestException("--lr", "a rate must be over 0", "over 0", rate);
        if (!(languageWeight > 0) || Double.isInfinite(languageWeight)) throw new RequestException("--language-weight", "a weight must be over 0", "over 0", languageWeight);
        return new LearnedMerge.Settings(chosen, steps, rate, batch, !free, languageWeight, Math.max(1, steps / 6));
    }

    private static Calibration part(Calibration all, boolean heldOut) { return new Calibration(part("math", all.math(), heldOut), part("language", all.language(), heldOut)); }

    private static List<Example> part(String ability, List<Example> all, boolean heldOut) {
        int held = all.size() / HELD_OUT;
        if (held == 0) throw new RequestException("calibration of " + ability, "too few texts to hold a quarter of them out", HELD_OUT + " or more", all.size());
        return heldOut ? all.subList(0, Math.min(held, 512)) : all.subList(held, all.size());
    }

    private void print(LearnedMerge.Result found, Map<String, Double> sets, SearchModels models, double seconds) {
        int size = found.merge().family().size();
        Table table = size == 2 ? new Table("unit", ">math", ">language") : new Table("unit", ">language");
        for (int unit = 0; unit < found.merge().values().length; unit++) {
            double[] values = found.merge().values()[unit];
            String name = models.units().get(unit).name();
            if (size == 2) table.row(name, number(values[0]), number(values[1]));
            else table.row(name, number(values[0]));
        }
        table.print(System.out, 0);
        System.out.println();
        Table losses = new Table("merge", ">objective on texts held out");
        losses.row("learned", AutoswapCommand.number(found.objective()));
        found.others().forEach((name, value) -> losses.row(name, AutoswapCommand.number(value)));
        losses.print(System.out, 0);
        System.out.println();
        sets.forEach((name, accuracy) -> System.out.println(name + "  " + Text.percent(accuracy)));
        System.out.println(found.passes() + " gradients in " + Text.seconds(seconds) + "; written " + out + "; run: graft merge " + out + " merged");
    }

    private static String number(double value) { return String.format(Locale.ROOT, "%.3f", value); }

    private JsonObject json(LearnedMerge.Result found, Map<String, Double> sets, SearchModels models, double seconds) {
        JsonObject json = new JsonObject(), others = new JsonObject(), accuracies = new JsonObject();
        json.addProperty("recipe", out.toString());
        json.addProperty("family", found.merge().family().word());
        json.addProperty("objective", found.objective());
        found.others().forEach(others::addProperty);
        json.add("others", others);
        sets.forEach(accuracies::addProperty);
        json.add("accuracies", accuracies);
        json.addProperty("passes", found.passes());
        json.addProperty("seconds", seconds);
        JsonArray checks = new JsonArray(), coefficients = new JsonArray();
        for (LearnedMerge.Check check : found.checks()) {
            JsonObject each = new JsonObject();
            each.addProperty("step", check.step());
            if (!Double.isNaN(check.training())) each.addProperty("training", check.training());
            each.addProperty("held_out", check.heldOut());
            checks.add(each);
        }
        json.add("checks", checks);
        for (int unit = 0; unit < found.merge().values().length; unit++) {
            JsonObject each = new JsonObject();
            each.addProperty("unit", models.units().get(unit).name());
            JsonArray values = new JsonArray();
            for (double value : found.merge().values()[unit]) values.add(value);
            each.add("values", values);
            coefficients.add(each);
        }
        json.add("coefficients", coefficients);
        return json;
    }
}
