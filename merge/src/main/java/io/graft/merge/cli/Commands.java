package io.graft.merge.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;

/**
 * The commands, in the order of a user's work, which is the order of {@code graft --help}.
 *
 * <p>Reading the options of a command takes picocli 3 ms each, so only the named one is read in full; the others stand in
 * the help by name and description.
 */
final class Commands {

    /** A line for each: its class has {@link Command} with name, description and an example in the footer. */
    static final List<Class<?>> ALL = List.of(
            DemoCommand.class,
            MergeCommand.class,
            ResetCommand.class,
            PlanCommand.class,
            ExplainCommand.class,
            InspectCommand.class,
            DiffCommand.class,
            AnalyseCommand.class,
            ConvertCommand.class,
            TrainCommand.class,
            GenerateCommand.class,
            TokenizeCommand.class,
            PerplexityCommand.class,
            ScoreCommand.class,
            EvalCommand.class,
            ExperimentCommand.class,
            WorldCommand.class,
            SweepCommand.class,
            AutoswapCommand.class,
            LearnMergeCommand.class,
            TraceCommand.class,
            ProfileCommand.class
    );

    private Commands() {}

    /**
     * Registers what these arguments need.
     *
     * @param line      the command {@code graft}
     * @param arguments as the user typed them
     */
    static void register(CommandLine line, String[] arguments) {
        String named = arguments.length == 0 ? "" : arguments[0];
        for (Class<?> type : ALL) {
            Command command = type.getAnnotation(Command.class);
            if (command.name().equals(named)) {
                line.addSubcommand(named, whole(type));
                return;
            }
        }
        for (Class<?> type : ALL) {
            Command command = type.getAnnotation(Command.class);
            CommandSpec outline = CommandSpec.create().name(command.name());
            outline.usageMessage().description(command.description());
            line.addSubcommand(command.name(), outline);
        }
    }

    private static CommandLine whole(Class<?> type) {
        CommandLine line = new CommandLine(type);
        CommandSpec spec = line.getCommandSpec();
        if (spec.findOption("--help") == null) spec.mixinStandardHelpOptions(true);
        if (spec.findOption("--version") != null) spec.versionProvider(new Version());
        return line;
    }
}
