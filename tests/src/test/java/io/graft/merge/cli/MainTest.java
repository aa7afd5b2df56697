package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.tests.Fixtures;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;

class MainTest {

    @Test
    void aloneItPrintsTheHelpOnStderrAndEndsWithTwo() {
        CommandLineRun run = CommandLineRun.of();
        assertEquals(2, run.status());
        assertEquals("", run.out());
        assertTrue(run.err().startsWith("Usage: graft"));
    }

    @Test
    void helpListsTheCommandsInTheOrderOfAUsersWork() {
        CommandLineRun run = CommandLineRun.of("--help");
        assertEquals(0, run.status());
        assertEquals("", run.err());
        int last = -1;
        for (Class<?> type : Commands.ALL) {
            int at = run.out().indexOf("\n  " + type.getAnnotation(Command.class).name() + " ");
            assertTrue(at > last, type.getSimpleName());
            last = at;
        }
    }

    @Test
    void everyCommandHasHelpWithAnExample() {
        List<String> names = new ArrayList<>();
        for (Class<?> type : Commands.ALL) {
            Command command = type.getAnnotation(Command.class);
            names.add(command.name());
            for (CommandLineRun run : List.of(CommandLineRun.of(command.name(), "--help"), CommandLineRun.of("help", command.name()))) {
                assertEquals(0, run.status(), command.name() + ": " + run.err());
                assertTrue(run.out().contains("Example: graft " + command.name()), run.out());
                assertTrue(run.out().contains("--threads") && run.out().contains("--debug"), command.name() + " has the common options");
            }
            assertTrue(command.description().length == 1 && command.description()[0].endsWith("."), command.name() + " is described in one sentence");
        }
        List<String> order = List.of("demo", "merge", "plan", "explain", "inspect", "diff", "convert", "generate", "tokenize", "perplexity", "score", "trace", "profile");
        assertEquals(order.stream().filter(names::contains).toList(), names.stream().filter(order::contains).toList());
    }

    @Test
    void versionTellsWhatMattersInAReport() throws IOException {
        CommandLineRun run = CommandLineRun.of("--version");
        assertEquals(0, run.status());
        assertTrue(run.out().startsWith("graft " + Version.NUMBER + "\nJDK "));
        assertTrue(run.out().contains("\nkernels: "));
        assertTrue(Files.readString(Fixtures.repository().resolve("pom.xml")).contains("<version>" + Version.NUMBER + "</version>"), "pom.xml and Version agree");
    }

    @Test
    void anUnknownCommandGetsTheLikeliestName() {
        CommandLineRun run = CommandLineRun.of("inspekt");
        assertEquals(2, run.status());
        assertEquals("", run.out());
        assertEquals("graft: error: graft: unknown command; found 'inspekt'\nhint: did you mean graft inspect?\n", run.err());
    }

    @Test
    void anUnknownOptionGetsTheLikeliestName() {
        CommandLineRun run = CommandLineRun.of("diff", "a", "b", "--bsae", "c");
        assertEquals(2, run.status());
        assertEquals("graft: error: graft diff: unknown option; found '--bsae'\nhint: did you mean --base?\n", run.err());
    }

    @Test
    void nothingIsSuggestedForWhatIsLikeNothing() {
        assertEquals("graft: error: graft: unknown command; found 'frobnicate'\nhint: graft --help\n", CommandLineRun.of("frobnicate").err());
        assertEquals("graft: error: graft diff: unknown option; found '--sideways=1'\nhint: graft diff --help\n", CommandLineRun.of("diff", "a", "b", "--sideways=1").err());
    }

    @Test
    void usageErrorsNameTheCommandWhatWasExpectedAndWhatWasFound() {
        assertEquals("graft: error: graft diff: something is missing; expected B, found nothing\nhint: graft diff --help\n", CommandLineRun.of("diff", "a").err());
        assertEquals("graft: error: graft diff: one value too many; found 'c'\nhint: graft diff --help\n", CommandLineRun.of("diff", "a", "b", "c").err());
        assertEquals("graft: error: graft diff: --html lacks its value; expected FILE, found nothing\nhint: graft diff --help\n", CommandLineRun.of("diff", "a", "b", "--html").err());
        assertEquals("graft: error: graft diff: cannot read the value of --num-threads; expected a whole number, found 'two'\nhint: graft diff --help\n",
                CommandLineRun.of("diff", "a", "b", "--threads", "two").err());
        assertEquals("graft: error: graft diff: --base is given twice\nhint: graft diff --help\n", CommandLineRun.of("diff", "a", "b", "--base", "c", "--base", "d").err());
    }

    @Test
    void everyFailureIsOneLineAndItsStatus() {
        assertEquals("2 graft: error: recipe.yml: no such key; expected weight, found wieght\nhint: did you mean weight?\n",
                reported(new RequestException("recipe.yml", "no such key", "weight", "wieght", "did you mean weight?")));
        assertEquals("1 graft: error: out: disk full\n", reported(new RunException("out", "disk full", null)));
        assertEquals("1 graft: error: a/b: no such file or folder\n", reported(new UncheckedIOException(new NoSuchFileException("a/b"))));
        assertEquals("1 graft: error: x: permission denied\n", reported(new AccessDeniedException("x")));
        assertEquals("1 graft: error: memory: the JVM has not enough: Java heap space\nhint: GRAFT_JAVA_OPTS=-Xmx2g gives it more\n", reported(new OutOfMemoryError("Java heap space")));
        assertEquals("2 graft: error: 'a?b': cannot be a path here: odd\nhint: outside a UTF-8 locale, LC_ALL=C.UTF-8 makes every name one\n", reported(new InvalidPathException("a?b", "odd")));
        assertEquals("1 graft: error: input: nested too deeply to be read\n", reported(new StackOverflowError()));
        assertTrue(reported(new IllegalStateException("odd\n\u001b[31mthing")).startsWith("1 graft: error: graft: unexpected: java.lang.IllegalStateException: odd\\u000a\\u001b[31mthing\nhint: "));
    }

    @Test
    void aNameOfAMegabyteKeepsToItsLine() {
        assertTrue(reported(new RequestException("x".repeat(1_000_000), "bad")).length() < 2200);
    }

    @Test
    void aClosedPipeIsNoErrorAndAFullDiskIs() {
        OutputStream gone = failing("Broken pipe"), full = failing("No space left on device");
        PrintStream pipe = new PrintStream(new ClosedPipe.Stream(gone), true, StandardCharsets.UTF_8);
        org.junit.jupiter.api.Assertions.assertThrows(ClosedPipe.class, () -> pipe.println("result"));
        PrintStream disk = new PrintStream(new ClosedPipe.Stream(full), true, StandardCharsets.UTF_8);
        RunException error = org.junit.jupiter.api.Assertions.assertThrows(RunException.class, () -> disk.println("result"));
        assertEquals("stdout: cannot be written: No space left on device", error.getMessage());
    }

    @Test
    void withoutATerminalThereIsNoColour() {
        assertFalse(CommandLineRun.of("--help").out().contains("\u001b"));
        assertFalse(Terminal.outHasColour());
        assertFalse(Terminal.errIsTerminal());
    }

    @Test
    void numbersReadTheSameEverywhere() {
        assertEquals("999 B", Text.bytes(999));
        assertEquals("1.00 kB", Text.bytes(1000));
        assertEquals("1.00 MB", Text.bytes(999_999));
        assertEquals("12.3 GB", Text.bytes(12_345_678_901L));
        assertEquals("433 k", Text.count(433_088));
        assertEquals("59.9 s", Text.seconds(59.94));
        assertEquals("1:00 min", Text.seconds(59.96));
        assertEquals("2:00:01 h", Text.seconds(7201));
        assertEquals("100 %", Text.percent(1));
        assertEquals(">99.9 %", Text.percent(0.9999));
        assertEquals("-", Text.percent(Double.NaN));
        assertEquals("-3.12 %", Text.percent(-0.0312));
    }

    private static String reported(Throwable error) {
        PrintStream err = System.err;
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        System.setErr(new PrintStream(told, true, StandardCharsets.UTF_8));
        try {
            int status = Failures.report(error, false);
            return status + " " + told.toString(StandardCharsets.UTF_8);
        } finally {
            System.setErr(err);
        }
    }

    private static OutputStream failing(String message) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException { throw new IOException(message); }
        };
    }
}
