package io.graft.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Sends signals to children, those that a child of this JVM can hear. */
public final class Signals {

    private Signals() {}

    /**
     * {@return the names of the signals that stop a child} What a shell starts in the background it may start with SIGINT ignored; a
     * JVM leaves that so, and its children inherit it: then only SIGTERM is left, and a line says so.
     */
    public static List<String> heard() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) return List.of("INT", "TERM");
        String ignored = Files.readAllLines(status).stream().filter(line -> line.startsWith("SigIgn:")).findFirst().orElseThrow().substring(7).strip();
        if (!new BigInteger(ignored, 16).testBit(2 - 1)) return List.of("INT", "TERM");
        System.err.println("SIGINT is ignored here (a background job of a shell?): only SIGTERM is sent");
        return List.of("TERM");
    }

    /** Sends one, and fails where it cannot be sent. */
    public static void send(String signal, Process child) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("kill", "-" + signal, String.valueOf(child.pid())).start().waitFor());
    }

    /** {@return the status that a process should end with after a signal}: 128 and its number */
    public static int status(String signal) { return signal.equals("INT") ? 130 : 143; }
}
