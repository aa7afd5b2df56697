package io.graft.merge.cli;

import picocli.CommandLine.Option;

/** The options that every command has. */
final class CommonOptions {

    @Option(names = {"-j", "--threads", "--num-threads"}, paramLabel = "N", description = "Threads that compute (default: all cores).")
    int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--json", description = "Print one JSON document instead of a table.")
    boolean json;

    @Option(names = {"-q", "--quiet"}, description = "No progress and no notes; warnings and errors only.")
    boolean quiet;

    @Option(names = "--debug", description = "Show stack traces.")
    boolean debug;

    @Option(names = "--kernels", paramLabel = "KIND", description = "scalar or vector (default: vector where the JVM has it).")
    String kernels;

    /**
     * Tells something worth knowing, on stderr; nothing with --quiet.
     *
     * @param text one line
     */
    void note(String text) {
        if (!quiet) System.err.println("graft: note: " + Text.oneLine(text, 2000));
    }

    /**
     * Tells something that the user may not want to have happened, on stderr.
     *
     * @param text one line
     */
    void warn(String text) { System.err.println("graft: warning: " + Text.oneLine(text, 2000)); }
}
