package io.graft.merge.cli;

import io.graft.engine.GraftException;
import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.merge.yaml.Suggestion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.stream.Collectors;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;
import picocli.CommandLine;

/** Turns whatever went wrong into {@code graft: error: WHERE: WHAT; expected X, found Y}, perhaps a hint, and an exit status. */
final class Failures {

    /** A name in a file can be a megabyte long; a line that a person reads is not. */
    private static final int LONGEST = 2000;

    private Failures() {}

    /**
     * Says what went wrong on stderr.
     *
     * @param error what was thrown
     * @param debug whether to show the stack trace
     * @return the exit status: 2 where the request is wrong, else 1
     */
    static int report(Throwable error, boolean debug) {
        GraftException known = known(error);
        System.err.println("graft: error: " + line(known));
        if (known.hint() != null) System.err.println("hint: " + Text.oneLine(known.hint(), LONGEST));
        // Planning finds many mistakes at once: the others travel with the first.
        for (Throwable other : known.getSuppressed()) {
            if (!(other instanceof GraftException also)) continue;
            System.err.println("graft: error: " + line(also));
            if (also.hint() != null && !also.hint().equals(known.hint())) System.err.println("hint: " + Text.oneLine(also.hint(), LONGEST));
        }
        if (debug) error.printStackTrace();
        return known instanceof RequestException ? 2 : 1;
    }

    /**
     * What {@link #report} prints behind {@code graft: error:}.
     *
     * @param error what was thrown
     * @return one line
     */
    static String line(Throwable error) { return Text.oneLine(known(error).getMessage(), LONGEST); }

    private static GraftException known(Throwable error) {
        return switch (error) {
            case GraftException known -> known;
            case ParameterException usage -> usage(usage);
            case UncheckedIOException wrapper -> io(wrapper.getCause());
            case IOException io -> io(io);
            case InvalidPathException odd -> new RequestException("'" + odd.getInput() + "'", "cannot be a path here: " + odd.getReason(), null, null,
                    "outside a UTF-8 locale, LC_ALL=C.UTF-8 makes every name one");
            case OutOfMemoryError memory -> new RunException("memory", "the JVM has not enough: " + memory.getMessage(), null, null,
                    "GRAFT_JAVA_OPTS=-Xmx2g gives it more", memory);
            case StackOverflowError deep -> new RunException("input", "nested too deeply to be read", deep);
            case InternalError truncated -> new RunException("input", "a mapped file changed while it was being read (" + truncated.getMessage() + ")", null, null,
                    "do not write to a model's files while Graft reads them", truncated);
            default -> new RunException("graft", "unexpected: " + error, null, null, "this is a fault of Graft's; --debug shows where", error);
        };
    }

    /**
     * Explains an error of the file system, whose messages are often the bare file name.
     *
     * @param error what the JDK threw
     * @return the file and what is the matter with it
     */
    static RunException io(IOException error) {
        String file = error instanceof FileSystemException system ? system.getFile() : null;
        String what = switch (error) {
            case NoSuchFileException _ -> "no such file or folder";
            case AccessDeniedException _ -> "permission denied";
            case FileAlreadyExistsException _ -> "exists already";
            case NotDirectoryException _ -> "not a folder";
            case FileSystemException system when system.getReason() != null -> system.getReason();
            default -> error.getMessage() == null ? error.toString() : error.getMessage();
        };
        return new RunException(file == null ? "files" : file, what, error);
    }

    private static RequestException usage(ParameterException wrong) {
        CommandLine line = wrong.getCommandLine();
        String command = line.getCommandSpec().qualifiedName();
        String help = command + " --help";
        return switch (wrong) {
            case UnmatchedArgumentException unknown -> unknown(unknown, command, help);
            case MissingParameterException missing when missing.getMissing() != null && !missing.getMissing().isEmpty() -> missing(missing, command, help);
            case OverwrittenOptionException twice -> new RequestException(command, name(twice.getOverwritten()) + " is given twice", null, null, help);
            case ParameterException value when value.getArgSpec() != null && value.getValue() != null && !(value.getCause() instanceof GraftException) ->
                    new RequestException(command, "cannot read the value of " + name(value.getArgSpec()), expected(value.getArgSpec()), quoted(value.getValue()), help);
            case ParameterException other -> other.getCause() instanceof GraftException cause
                    ? new RequestException(command, cause.getMessage(), null, null, cause.hint() == null ? help : cause.hint())
                    : new RequestException(command, other.getMessage(), null, null, help);
        };
    }

    /** An unknown command, option or a value too many. */
    private static RequestException unknown(UnmatchedArgumentException wrong, String command, String help) {
        String first = wrong.getUnmatched().getFirst();
        CommandLine line = wrong.getCommandLine();
        if (wrong.isUnknownOption()) {
            String likely = Suggestion.nearest(first.split("=", 2)[0], line.getCommandSpec().optionsMap().keySet());
            return new RequestException(command, "unknown option", null, quoted(first), likely == null ? help : "did you mean " + likely + "?");
        }
        if (line.getSubcommands().isEmpty()) return new RequestException(command, "one value too many", null, quoted(first), help);
        String likely = Suggestion.nearest(first, line.getSubcommands().keySet());
        return new RequestException(command, "unknown command", null, quoted(first), likely == null ? help : "did you mean " + command + " " + likely + "?");
    }

    private static RequestException missing(MissingParameterException wrong, String command, String help) {
        if (wrong.getMessage().contains("parameter for option")) {
            ArgSpec option = wrong.getMissing().getFirst();
            return new RequestException(command, name(option) + " lacks its value", option.paramLabel(), "nothing", help);
        }
        String names = wrong.getMissing().stream().map(Failures::name).collect(Collectors.joining(" "));
        return new RequestException(command, "something is missing", names, "nothing", help);
    }

    private static String expected(ArgSpec argument) {
        if (argument.completionCandidates() != null) return String.join("|", argument.completionCandidates()).toLowerCase(java.util.Locale.ROOT);
        Class<?> type = argument.auxiliaryTypes().length == 0 ? argument.type() : argument.auxiliaryTypes()[0];
        if (type == int.class || type == long.class || type == Integer.class || type == Long.class) return "a whole number";
        if (Number.class.isAssignableFrom(type) || type == double.class || type == float.class) return "a number";
        return argument.paramLabel();
    }

    private static String name(ArgSpec argument) { return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel(); }

    private static String quoted(String value) { return "'" + value + "'"; }
}
