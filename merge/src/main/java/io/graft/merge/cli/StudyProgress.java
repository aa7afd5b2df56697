package io.graft.merge.cli;

import io.graft.merge.experiment.Step;
import io.graft.merge.experiment.StudyListener;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * How far a study has come, on stderr: on a terminal one line that moves, else a line for every training and every few seconds;
 * nothing with --quiet. The time left is the steps' estimate, scaled by the time that the shares of them so far really took.
 */
final class StudyProgress implements StudyListener, AutoCloseable {

    private static final double LINE_SECONDS = 5;

    private final CommonOptions common;
    private final BooleanSupplier stop;
    private final boolean terminal = Terminal.errIsTerminal();
    private final Map<Step, Double> shares = new HashMap<>();
    private double total, done;
    private int steps, ended;
    private long started, lastLine;
    private boolean open;

    /**
     * Nothing yet.
     *
     * @param common whether to be quiet
     * @param stop   whether the user has asked to stop
     */
    StudyProgress(CommonOptions common, BooleanSupplier stop) {
        this.common = common;
        this.stop = stop;
    }

    @Override
    public void started(List<Step> todo, int all) {
        total = todo.stream().mapToDouble(step -> step.cost().seconds()).sum();
        steps = todo.size();
        started = System.nanoTime();
        lastLine = started;
        if (!common.quiet && all > steps) System.err.println("graft: study: " + (all - steps) + " of " + all + " steps are done already");
    }

    @Override
    public void at(Step step, double share, String note) {
        shares.put(step, share);
        long now = System.nanoTime();
        boolean due = (now - lastLine) / 1e9 > (terminal ? 0.2 : LINE_SECONDS);
        if (common.quiet || !due) return;
        lastLine = now;
        double expected = done, real = (now - started) / 1e9;
        for (Map.Entry<Step, Double> each : shares.entrySet()) expected += each.getValue() * each.getKey().cost().seconds();
        double left = expected > 0.01 * total ? (total - expected) * (real / expected) : total - expected;
        String line = "graft: study: " + (int) (100 * expected / Math.max(total, 1e-9)) + " %, step " + (ended + 1) + " of " + steps + ", " + Text.seconds(Math.max(0, left)) + " left: " + step.id() + (note.isEmpty() ? "" : ", " + note);
        if (terminal) {
            System.err.print("\r\033[K" + Text.oneLine(line, 160));
            System.err.flush();
            open = true;
        } else System.err.println(Text.oneLine(line, 200));
    }

    @Override
    public void done(Step step, double seconds) {
        ended++;
        done += step.cost().seconds();
        shares.remove(step);
        if (common.quiet || step.kind() != Step.Kind.TRAIN) return;
        end();
        System.err.println("graft: study: " + step.id() + ": " + Text.seconds(seconds));
    }

    @Override
    public boolean stop() { return stop.getAsBoolean(); }

    @Override
    public void close() { end(); }

    /** Ends the line that moves. */
    void end() {
        if (open) {
            System.err.print("\r\033[K");
            System.err.flush();
        }
        open = false;
    }
}
