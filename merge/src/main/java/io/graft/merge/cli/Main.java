package io.graft.merge.cli;

import io.graft.engine.RequestException;
import io.graft.engine.kernel.WarmUp;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;

/** The command {@code graft}: reads its arguments, runs a command, and turns errors into lines and exit statuses. */
@Command(name = "graft", mixinStandardHelpOptions = true, versionProvider = Version.class, synopsisSubcommandLabel = "COMMAND",
        description = "Merges, runs and fine-tunes language models: safetensors in, safetensors out, on any JVM.",
        commandListHeading = "%nCommands, in the order of your work:%n",
        footer = {"", "graft COMMAND --help explains a command, with an example that runs.", "Example: graft demo"})
public final class Main implements Runnable {

    private Main() {}

    /**
     * Runs a command and ends the process with its exit status: 0 done, 1 a run failed, 2 the request is wrong.
     *
     * @param arguments as the user typed them
     */
    public static void main(String[] arguments) {
        System.setOut(new PrintStream(new ClosedPipe.Stream(new FileOutputStream(FileDescriptor.out)), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
        if (isAwaited(Arrays.asList(arguments))) WarmUp.start();
        System.exit(run(arguments));
    }

    /** Whether somebody waits for a first token: compiling begins even before the arguments have been read, which takes 0.2 s. */
    private static boolean isAwaited(List<String> arguments) {
        return !arguments.isEmpty() && arguments.getFirst().equals("generate") && !arguments.contains("--help") && !arguments.contains("--kernels")
                && Runtime.getRuntime().availableProcessors() > 1;
    }

    /**
     * Runs a command in this process.
     *
     * @param arguments as the user would type them
     * @return the exit status
     */
    public static int run(String... arguments) {
        boolean debug = Arrays.asList(arguments).contains("--debug");
        try {
            int status = execute(arguments, debug);
            System.out.flush();
            return status;
        } catch (Throwable error) {
            return failed(error, debug);
        }
    }

    private static int failed(Throwable error, boolean debug) {
        return error instanceof ClosedPipe ? 0 : Failures.report(error, debug);
    }

    private static int execute(String[] typed, boolean debug) {
        // "graft help merge" is what many try first.
        String[] arguments = typed.length > 0 && typed[0].equals("help") ? typed.length > 1 ? new String[] {typed[1], "--help"} : new String[] {"--help"} : typed;
        CommandLine line = new CommandLine(new Main());
        Commands.register(line, arguments);
        line.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        line.setColorScheme(CommandLine.Help.defaultColorScheme(Terminal.outHasColour() ? Ansi.ON : Ansi.OFF));
        line.setUsageHelpWidth(100);
        line.setUsageHelpLongOptionsMaxWidth(34);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        if (arguments.length == 0) {
            line.usage(System.err);
            return 2;
        }
        line.setParameterExceptionHandler((wrong, _) -> failed(wrong, debug));
        line.setExecutionExceptionHandler((error, _, _) -> failed(error, debug));
        return line.execute(arguments);
    }

    /** Options, but no command. */
    @Override
    public void run() {
        throw new RequestException("graft", "no command given", "a command", "nothing", "graft --help lists them");
    }
}
