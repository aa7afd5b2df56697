package io.graft.merge.cli;

import java.io.PrintStream;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * How far a long run has come, on stderr: a bar with bytes, rate and time left where that is a terminal, else a line every
 * few seconds, and nothing with --quiet. Any thread may report.
 */
final class Progress implements LongConsumer, AutoCloseable {

    /** A run that is shorter than this says nothing where no bar can move. */
    private static final double LINE_SECONDS = 5;
    private static final int BAR_WIDTH = 79;

    private final String task;
    private final long total;
    /** What is counted, such as {@code steps}; null for bytes. */
    private final String unit;
    private final PrintStream err;
    private final LongSupplier nanoTime;
    private final long started;
    private final AtomicLong done = new AtomicLong(), nextLine;
    private final ProgressBar bar;
    private volatile String said = "";

    private enum Kind { BAR, LINES, NOTHING }

    private Progress(String task, long total, String unit, Kind kind, PrintStream err, LongSupplier nanoTime) {
        this.task = task;
        this.total = total;
        this.unit = unit;
        this.err = err;
        this.nanoTime = nanoTime;
        this.started = nanoTime.getAsLong();
        this.nextLine = new AtomicLong(kind == Kind.NOTHING ? Long.MAX_VALUE : started + (long) (LINE_SECONDS * 1e9));
        this.bar = kind == Kind.BAR ? bar() : null;
    }

    /**
     * Begins.
     *
     * @param options of the command
     * @param task    one word, such as {@code merging}
     * @param bytes   how many there are in all
     * @return what to report to; close it
     */
    static Progress start(CommonOptions options, String task, long bytes) {
        Kind kind = options.quiet ? Kind.NOTHING : Terminal.errIsTerminal() ? Kind.BAR : Kind.LINES;
        return new Progress(task, bytes, null, kind, System.err, System::nanoTime);
    }

    /**
     * Begins to count something else than bytes.
     *
     * @param options of the command
     * @param task    one word, such as {@code training}
     * @param total   how many there are in all
     * @param unit    what they are, such as {@code steps}
     * @return what to report to; close it
     */
    static Progress start(CommonOptions options, String task, long total, String unit) {
        Kind kind = options.quiet ? Kind.NOTHING : Terminal.errIsTerminal() ? Kind.BAR : Kind.LINES;
        return new Progress(task, total, unit, kind, System.err, System::nanoTime);
    }

    /**
     * Says something beside the bar, such as the loss.
     *
     * @param text a few words
     */
    void say(String text) {
        said = text;
        if (bar != null) bar.setExtraMessage(text);
    }

    /** One that prints lines by a clock of the caller's. */
    static Progress lines(String task, long bytes, PrintStream err, LongSupplier nanoTime) { return new Progress(task, bytes, null, Kind.LINES, err, nanoTime); }

    /** The consumer is given, since the library's own choice loads native code and queries the terminal. */
    private ProgressBar bar() {
        long size = unit != null ? 1 : total >= 2_000_000_000L ? 1_000_000_000L : 1_000_000L;
        return ProgressBar.builder().setTaskName(task).setInitialMax(total).setUnit(unit != null ? " " + unit : size == 1_000_000L ? " MB" : " GB", size).setUpdateIntervalMillis(100)
                .setStyle(Terminal.errHasColour() ? ProgressBarStyle.COLORFUL_UNICODE_BLOCK : ProgressBarStyle.ASCII).showSpeed(new java.text.DecimalFormat("0.00", java.text.DecimalFormatSymbols.getInstance(java.util.Locale.ROOT)))
                .setConsumer(new ConsoleProgressBarConsumer(err, BAR_WIDTH)).clearDisplayOnFinish().build();
    }

    /**
     * Reports.
     *
     * @param bytes done since the last call
     */
    @Override
    public void accept(long bytes) {
        long now = done.addAndGet(bytes);
        if (bar != null) {
            bar.stepBy(bytes);
            return;
        }
        long due = nextLine.get();
        if (due == Long.MAX_VALUE) return;
        long time = nanoTime.getAsLong();
        if (time - due >= 0 && nextLine.compareAndSet(due, time + (long) (LINE_SECONDS * 1e9))) err.println(line(now, (time - started) / 1e9));
    }

    private String line(long now, double seconds) {
        double rate = now / seconds;
        String left = rate > 0 && total > now ? ", " + Text.seconds((total - now) / rate) + " left" : "";
        long percent = total == 0 ? 100 : Math.min(100, now * 100 / total);
        String amounts = unit != null ? Text.count(now) + " of " + Text.count(total) + " " + unit : Text.bytes(now) + " of " + Text.bytes(total) + ", " + Text.bytes((long) rate) + "/s";
        return "graft: " + task + ": " + percent + " %, " + amounts + left + (said.isEmpty() ? "" : ", " + said);
    }

    /** {@return the rate since the start, such as {@code 1.21 GB/s}} */
    String rate() {
        double seconds = (nanoTime.getAsLong() - started) / 1e9;
        return Text.bytes((long) (done.get() / Math.max(seconds, 1e-9))) + "/s";
    }

    /** {@return seconds since the start} */
    double seconds() { return (nanoTime.getAsLong() - started) / 1e9; }

    @Override
    public void close() {
        if (bar != null) bar.close();
    }
}
