package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressTest {

    private long now = 1_000;

    @Test
    void aFileGetsALineEveryFiveSecondsAndAShortRunNone() {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try (Progress progress = Progress.lines("merging", 4_000_000_000L, new PrintStream(said, true, StandardCharsets.UTF_8), () -> now)) {
            progress.accept(500_000_000);
            now += 4_000_000_000L;
            progress.accept(250_000_000);
            assertEquals("", said.toString(StandardCharsets.UTF_8));
            now += 1_000_000_000L;
            progress.accept(250_000_000);
            now += 1_000_000_000L;
            progress.accept(1);
        }
        assertEquals("graft: merging: 25 %, 1.00 GB of 4.00 GB, 200 MB/s, 15.0 s left\n", said.toString(StandardCharsets.UTF_8));
    }

    @Test
    void withQuietNothingIsSaid() {
        CommonOptions options = new CommonOptions();
        options.quiet = true;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream err = System.err;
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try (Progress progress = Progress.start(options, "merging", 10)) {
            progress.accept(10);
            options.note("never");
        } finally {
            System.setErr(err);
        }
        assertEquals(0, said.size());
    }
}
