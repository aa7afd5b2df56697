package io.graft.merge.cli;

import com.samskivert.mustache.Mustache;
import io.graft.engine.profile.Launch;
import io.graft.engine.profile.Roofline;
import io.graft.engine.profile.Summary;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A profile as one HTML file: for every phase a roofline, a timeline and the table; no script, nothing from a network. */
final class ProfilePage {

    /** What ran together, such as the prefill. */
    record Phase(String name, List<Launch> launches) {}

    private static final int LEFT = 60, RIGHT = 620, TOP = 20, BOTTOM = 340, TIME_LEFT = 104, TIME_RIGHT = 890, LANE = 20;
    /** More bars than pixels help nobody. */
    private static final int BARS = 1500;
    /** Decades of the plot: operations a byte, and GFLOP/s. */
    private static final double X_FROM = -2, X_TO = 3, Y_FROM = -2, Y_TO = 3;

    private final Roofline roofline;

    private ProfilePage(Roofline roofline) { this.roofline = roofline; }

    static String of(String title, String summary, Roofline roofline, List<Phase> phases) {
        ProfilePage page = new ProfilePage(roofline);
        Map<String, Object> context = new HashMap<>();
        context.put("title", title);
        context.put("summary", summary);
        context.put("version", Version.NUMBER);
        context.put("phases", phases.stream().filter(phase -> !phase.launches.isEmpty()).map(page::phase).toList());
        try (Reader template = new InputStreamReader(ProfilePage.class.getResourceAsStream("profile.mustache"), StandardCharsets.UTF_8)) {
            return Mustache.compiler().escapeHTML(true).strictSections(true).compile(template).execute(context);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private Map<String, Object> phase(Phase phase) {
        Summary summary = Summary.of(phase.launches, roofline);
        Map<String, Object> map = new HashMap<>();
        map.put("name", phase.name);
        map.put("took", millis(summary.wall()) + ", " + millis(summary.seconds()) + " of it in kernels");
        map.put("gridX", decades(X_FROM, X_TO).stream().map(e -> Map.of("at", place(x(Math.pow(10, e))), "text", power(e))).toList());
        map.put("gridY", decades(Y_FROM, Y_TO).stream().map(e -> Map.of("at", place(y(Math.pow(10, e))), "textAt", place(y(Math.pow(10, e)) + 4), "text", power(e))).toList());
        map.put("roof", roof());
        map.put("dots", summary.rows().stream().filter(row -> row.flops() > 0).map(row -> dot(row, summary)).toList());
        map.put("labels", labels(summary));
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Summary.Row row : summary.rows()) rows.add(row(rows.size() + 1, row, summary));
        map.put("rows", rows);
        timeline(phase.launches, map);
        return map;
    }

    private static Map<String, Object> row(int rank, Summary.Row row, Summary of) {
        return Map.of("rank", rank, "operation", row.operation(), "shape", row.shape(), "launches", row.launches(), "time", millis(row.seconds()), "share", Text.percent(row.seconds() / of.seconds()),
                "gigaflops", rate(row.gigaflops()), "gigabytes", rate(row.gigabytes()), "ofRoof", Text.percent(row.ofRoofline()));
    }

    static String millis(double seconds) { return String.format(Locale.ROOT, seconds < 0.01 ? "%.3f ms" : "%.1f ms", seconds * 1e3); }

    static String rate(double value) { return String.format(Locale.ROOT, value < 10 ? "%.2f" : "%.1f", value); }

    private Map<String, Object> dot(Summary.Row row, Summary of) {
        double share = row.seconds() / of.seconds();
        return Map.of("x", place(x((double) row.flops() / row.bytes())), "y", place(y(row.gigaflops())), "r", place(3 + 22 * Math.sqrt(share)),
                "tip", row.operation() + " " + row.shape() + ": " + Text.percent(share) + " of the time, " + rate(row.gigaflops()) + " GFLOP/s, " + rate(row.gigabytes()) + " GB/s, "
                        + Text.percent(row.ofRoofline()) + " of the roof");
    }

    /** The rank in the table of the largest dots, those left out that would lie upon another's. */
    private List<Map<String, Object>> labels(Summary summary) {
        List<Map<String, Object>> labels = new ArrayList<>();
        List<double[]> placed = new ArrayList<>();
        for (int rank = 1; rank <= Math.min(8, summary.rows().size()); rank++) {
            Summary.Row row = summary.rows().get(rank - 1);
            double x = x((double) row.flops() / row.bytes()), y = y(row.gigaflops());
            if (row.flops() == 0 || placed.stream().anyMatch(other -> Math.hypot(other[0] - x, other[1] - y) < 14)) continue;
            placed.add(new double[] {x, y});
            labels.add(Map.of("x", place(x), "y", place(y + 4), "text", rank));
        }
        return labels;
    }

    private String roof() {
        double knee = roofline.flopsPerSecond() / roofline.bytesPerSecond(), left = Math.pow(10, X_FROM);
        return "M" + place(x(left)) + " " + place(y(left * roofline.bytesPerSecond() / 1e9)) + " L" + place(x(knee)) + " " + place(y(roofline.flopsPerSecond() / 1e9)) + " L" + RIGHT + " "
                + place(y(roofline.flopsPerSecond() / 1e9));
    }

    private static void timeline(List<Launch> launches, Map<String, Object> map) {
        List<Launch> shown = launches.subList(0, Math.min(BARS, launches.size()));
        long first = shown.getFirst().start(), last = first + 1;
        for (Launch each : shown) last = Math.max(last, each.start() + each.duration());
        double scale = (TIME_RIGHT - TIME_LEFT) / (double) (last - first);
        List<String> names = shown.stream().map(Launch::operation).distinct().toList();
        List<Map<String, Object>> lanes = new ArrayList<>(), bars = new ArrayList<>(), ticks = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) lanes.add(Map.of("text", names.get(i), "textY", LANE * i + 14, "lineY", LANE * i + 18));
        for (Launch each : shown)
            bars.add(Map.of("x", place(TIME_LEFT + (each.start() - first) * scale), "y", LANE * names.indexOf(each.operation()) + 4, "w", place(Math.max(0.5, each.duration() * scale)),
                    "tip", each.operation() + " " + each.shape() + ": " + millis(each.duration() / 1e9)));
        for (int i = 0; i <= 4; i++)
            ticks.add(Map.of("x", place(TIME_LEFT + (TIME_RIGHT - TIME_LEFT) * i / 4.0), "anchor", i == 4 ? "end" : "middle", "y", LANE * names.size() + 16, "text", millis((last - first) * i / 4e9)));
        map.put("lanes", lanes);
        map.put("bars", bars);
        map.put("ticks", ticks);
        map.put("timeHeight", LANE * names.size() + 24);
        map.put("cut", shown.size() < launches.size() ? "The timeline shows the first " + BARS + " of " + launches.size() + " launches." : null);
    }

    private static double x(double intensity) { return LEFT + (RIGHT - LEFT) * share(intensity, X_FROM, X_TO); }

    private static double y(double gigaflops) { return BOTTOM - (BOTTOM - TOP) * share(gigaflops, Y_FROM, Y_TO); }

    private static double share(double value, double from, double to) { return Math.clamp((Math.log10(Math.max(value, 1e-12)) - from) / (to - from), 0, 1); }

    private static List<Integer> decades(double from, double to) {
        List<Integer> all = new ArrayList<>();
        for (int e = (int) from; e <= to; e++) all.add(e);
        return all;
    }

    private static String power(int exponent) { return exponent >= 0 ? String.valueOf((long) Math.pow(10, exponent)) : String.format(Locale.ROOT, "%." + -exponent + "f", Math.pow(10, exponent)); }

    private static String place(double value) { return String.format(Locale.ROOT, "%.1f", value); }
}
