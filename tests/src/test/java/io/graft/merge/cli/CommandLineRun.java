package io.graft.merge.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * A command run in this process, and what it printed.
 *
 * @param status its exit status
 * @param out    stdout
 * @param err    stderr
 */
record CommandLineRun(int status, String out, String err) {

    /** Not for two at once: stdout belongs to the process. */
    static synchronized CommandLineRun of(String... arguments) {
        PrintStream out = System.out, err = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream(), told = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(told, true, StandardCharsets.UTF_8));
        try {
            int status = Main.run(arguments);
            return new CommandLineRun(status, said.toString(StandardCharsets.UTF_8), told.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }
}
