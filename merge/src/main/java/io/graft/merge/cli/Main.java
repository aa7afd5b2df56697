package io.graft.merge.cli;

import io.graft.engine.GraftException;
import io.graft.engine.RequestException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command {@code graft}: reads its arguments, runs a command, and turns errors into lines and exit statuses. */
@Command(name = "graft", mixinStandardHelpOptions = true, version = "graft 0.1.0",
        description = "Merges, runs and fine-tunes language models: safetensors in, safetensors out, on any JVM.",
        subcommands = {
        },
        footer = {"", "graft COMMAND --help explains a command, with an example that runs."})
public final class Main implements Runnable {

    private Main() {}

    /**
     * Runs a command and ends the process with its exit status: 0 done, 1 a run failed, 2 the request is wrong.
     *
     * @param arguments as the user typed them
     */
    public static void main(String[] arguments) {
        System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
        int status = run(arguments);
        System.out.flush();
        System.exit(status);
    }

    /**
     * Runs a command in this process.
     *
     * @param arguments as the user would type them
     * @return the exit status
     */
    public static int run(String... arguments) {
        CommandLine line = new CommandLine(new Main());
        line.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        boolean debug = Arrays.asList(arguments).contains("--debug");
        line.setParameterExceptionHandler((wrong, _) -> report(new RequestException("graft", wrong.getMessage(), null, null, "graft " + commandName(wrong) + "--help"), debug));
        line.setExecutionExceptionHandler((error, _, _) -> report(error, debug));
        return line.execute(arguments);
    }

    private static String commandName(CommandLine.ParameterException wrong) {
        String name = wrong.getCommandLine().getCommandName();
        return name.equals("graft") ? "" : name + " ";
    }

    private static int report(Exception error, boolean debug) {
        System.err.println("graft: error: " + (error instanceof GraftException ? error.getMessage() : error.toString()));
        if (error instanceof GraftException known && known.hint() != null) System.err.println("hint: " + known.hint());
        if (debug) error.printStackTrace();
        return error instanceof RequestException ? 2 : 1;
    }

    /** Without a command: the help, and status 2. */
    @Override
    public void run() {
        throw new CommandLine.ParameterException(new CommandLine(this), "no command given");
    }
}
