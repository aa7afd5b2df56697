package io.graft.merge.cli;

import io.graft.engine.RequestException;
import io.graft.formats.model.ModelSources;
import io.graft.merge.Recipes;
import io.graft.merge.ResetBuilder;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.Planner;
import io.graft.merge.recipe.LayerSwap.Module;
import io.graft.merge.recipe.Reset.NonLayer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft reset}: takes parts of an expert back to its base. */
@Command(name = "reset", description = "Revert layers, modules or the smallest changes of an expert to its base.",
        footer = {"", "Layers are all where --modules stands alone, and none where --non-layer does; modules are all by default. --keep-fraction F leaves the trunc(F * N) largest changes of what is reset "
            + "(of everything, where nothing else is chosen), of equal ones the first. The same as a recipe with merge_method: reset.", "",
            "Example: graft reset experts/math reset --base base --layers 0-5,26-27 --modules attention,mlp,norm --non-layer embeddings,final_norm,lm_head", "",
            "--json keys: as of graft merge."})
final class ResetCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "EXPERT", description = "The expert: a model, or an adapter of the base.")
    private String expert;

    @Parameters(index = "1", paramLabel = "OUT", description = "The folder to make; it appears complete or not at all.")
    private Path out;

    @Option(names = "--base", paramLabel = "MODEL", required = true, description = "The model that the expert was trained from.")
    private String base;

    @Option(names = "--layers", paramLabel = "RANGES", description = "Layers that go back, such as 0-5,26-27.")
    private String layers;

    @Option(names = "--modules", paramLabel = "NAMES", split = ",", description = "Of these layers: attention, mlp, norm (default: all).")
    private List<String> modules;

    @Option(names = "--non-layer", paramLabel = "NAMES", split = ",", description = "Of what is in no layer: embeddings, final_norm, lm_head.")
    private List<String> nonLayer;

    @Option(names = "--keep-fraction", paramLabel = "F", description = "Share of the changes that stay, the largest: 0 to 1.")
    private Double keepFraction;

    @Option(names = "--scope", paramLabel = "tensor|all", description = "Whether the changes of each tensor compete, or those of all together (default: tensor).")
    private String scope;

    @Mixin
    private OutputOptions output;

    @Mixin
    private CommonOptions common;

    @Override
    public Integer call() {
        ResetBuilder reset = Recipes.reset(expert, base);
        if (layers != null) reset.layers(layers);
        if (modules != null) reset.modules(modules.stream().map(word -> word("--modules", word, Module.values())).toArray(Module[]::new));
        if (nonLayer != null) reset.nonLayer(nonLayer.stream().map(word -> word("--non-layer", word, NonLayer.values())).toArray(NonLayer[]::new));
        if (scope != null && !scope.equals("tensor") && !scope.equals("all")) throw new RequestException("--scope", "unknown", "tensor or all", scope);
        if (scope != null && keepFraction == null) throw new RequestException("--scope", "says which changes compete for --keep-fraction, which is missing");
        if (keepFraction != null && !(keepFraction >= 0 && keepFraction <= 1)) throw new RequestException("--keep-fraction", "is no share", "0 to 1", keepFraction);
        if (keepFraction != null) reset.keep(keepFraction, "all".equals(scope));
        if (layers == null && modules == null && nonLayer == null && keepFraction == null) throw new RequestException("graft reset", "nothing to reset", "--layers, --modules, --non-layer or --keep-fraction", "none of them");
        output.check(out, common);
        try (MergePlan plan = Planner.plan(Recipes.of("graft reset", reset.yaml()), ModelSources::open)) {
            output.run(plan, out, common);
        }
        return 0;
    }

    private static <E extends Enum<E>> E word(String option, String word, E[] all) {
        for (E each : all) if (each.name().equalsIgnoreCase(word.strip())) return each;
        throw new RequestException(option, "unknown", String.join(", ", Arrays.stream(all).map(each -> each.name().toLowerCase(java.util.Locale.ROOT)).toList()), word);
    }
}
