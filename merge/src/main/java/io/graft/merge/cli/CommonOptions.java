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
}
