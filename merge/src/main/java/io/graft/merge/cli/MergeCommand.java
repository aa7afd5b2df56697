package io.graft.merge.cli;

import io.graft.merge.plan.MergePlan;
import io.graft.merge.run.Models;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft merge}: plans a recipe and runs it into a folder. */
@Command(name = "merge", description = "Merge models by a recipe into a Hugging Face folder.",
        footer = {"", "Flags of mergekit-yaml are accepted; those without meaning here are noted.", "Example: graft merge swap.yml merged --out-shard-size 1B"})
final class MergeCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "RECIPE", description = "The recipe: mergekit's YAML, or layer_swap.")
    private Path recipe;

    @Parameters(index = "1", paramLabel = "OUT", description = "The folder to make; it appears complete or not at all.")
    private Path out;

    @Option(names = {"--seed", "--random-seed"}, paramLabel = "N", description = "Seed of methods that draw numbers, such as dare_ties (default: the recipe's random_seed, else 0).")
    private Long seed;

    @Option(names = "-v", description = "Tell more.")
    private boolean[] verbose = {};

    @Mixin
    private OutputOptions output;

    @Mixin
    private MergekitFlags ignored;

    @Mixin
    private CommonOptions common;

    @Override
    public Integer call() {
        List<String> flags = ignored.given();
        if (!flags.isEmpty()) common.note("without meaning here: " + String.join(", ", flags));
        output.check(out, common);
        try (MergePlan plan = Models.plan(recipe, seed == null ? OptionalLong.empty() : OptionalLong.of(seed))) {
            if (verbose.length > 0) for (var choice : plan.metadata().entrySet()) common.note(choice.getKey() + ": " + choice.getValue());
            output.run(plan, out, common);
        }
        return 0;
    }
}
