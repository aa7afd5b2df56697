package io.graft.merge.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Curves over steps as the places of an SVG: a grid at round numbers, and no more points than pixels. */
final class CurvePlot {

    /**
     * A value at a step.
     *
     * @param step  from 0
     * @param value finite
     */
    record Point(int step, double value) {}

    private static final int LEFT = 58, TOP = 10, BOTTOM_MARGIN = 26, HEIGHT = 220, MOST = 600;

    private final int width;
    private final int lastStep;
    private double from = Double.POSITIVE_INFINITY;
    private double to = Double.NEGATIVE_INFINITY;
    private final List<List<Point>> series = new ArrayList<>();
    private final List<String> styles = new ArrayList<>();
    private List<Point> marked = List.of();

    /**
     * An empty plot.
     *
     * @param width    in pixels
     * @param lastStep where the axis of steps ends
     */
    CurvePlot(int width, int lastStep) {
        this.width = width;
        this.lastStep = Math.max(1, lastStep);
    }

    /** Adds a curve. */
    void line(List<Point> points, String style) {
        List<Point> few = thin(points);
        few.forEach(this::include);
        series.add(few);
        styles.add(style);
    }

    /** Adds a curve whose every point is marked, and names its value. */
    void marks(List<Point> points, String style) {
        line(points, style);
        marked = thin(points);
    }

    private void include(Point point) {
        from = Math.min(from, point.value());
        to = Math.max(to, point.value());
    }

    /** Means of as many neighbours as it takes to have few points. */
    static List<Point> thin(List<Point> points) {
        if (points.size() <= MOST) return points;
        List<Point> few = new ArrayList<>();
        for (int i = 0; i < MOST; i++) {
            int begin = (int) ((long) i * points.size() / MOST), end = (int) ((long) (i + 1) * points.size() / MOST);
            double sum = 0;
            for (int j = begin; j < end; j++) sum += points.get(j).value();
            few.add(new Point(points.get((begin + end) / 2).step(), sum / (end - begin)));
        }
        return few;
    }

    /** An exponential mean over about a twentieth of the points. */
    static List<Point> smooth(List<Point> points) {
        double keep = 1 - 1 / Math.max(1.0, points.size() / 20.0), mean = 0, weight = 0;
        List<Point> smooth = new ArrayList<>();
        for (Point each : points) {
            mean = keep * mean + each.value();
            weight = keep * weight + 1;
            smooth.add(new Point(each.step(), mean / weight));
        }
        return smooth;
    }

    /** What the template needs. */
    Map<String, Object> context(String name, String kind, String summary) {
        if (from > to) {
            from = 0;
            to = 1;
        }
        // Values that differ in their last bits are one value: a grid between them has no numbers to stand at.
        double step = round(Math.max(to - from, 1e-4 * Math.max(Math.abs(from), Math.abs(to))) / 4);
        double low = Math.floor(from / step) * step;
        int rows = (int) Math.max(1, Math.ceil((to - low) / step));
        double high = low + rows * step;
        List<Map<String, Object>> gridY = new ArrayList<>(), gridX = new ArrayList<>(), lines = new ArrayList<>(), points = new ArrayList<>();
        int right = width - 12, bottom = HEIGHT - BOTTOM_MARGIN;
        for (int i = 0; i <= rows; i++) {
            double y = y(low + i * step, low, high);
            gridY.add(Map.of("at", place(y), "textX", LEFT - 6, "textY", place(y + 4), "text", number(low + i * step, step), "left", LEFT, "right", right));
        }
        int every = (int) Math.max(1, round(lastStep / (width / 90.0)));
        for (int s = 0; s <= lastStep; s += every) gridX.add(Map.of("at", place(x(s)), "textY", bottom + 18, "text", Text.count(s)));
        for (int i = 0; i < series.size(); i++) {
            if (series.get(i).isEmpty()) continue;
            StringBuilder path = new StringBuilder();
            for (Point each : series.get(i)) path.append(path.isEmpty() ? "M" : " L").append(place(x(each.step()))).append(' ').append(place(y(each.value(), low, high)));
            lines.add(Map.of("style", styles.get(i), "path", path.toString()));
        }
        for (Point each : marked) points.add(Map.of("x", place(x(each.step())), "y", place(y(each.value(), low, high)), "tip", "step " + each.step() + ": " + Text.number(each.value())));
        Map<String, Object> context = new HashMap<>();
        context.put("name", name);
        context.put("kind", kind);
        context.put("summary", summary);
        context.put("width", width);
        context.put("height", HEIGHT);
        context.put("gridX", gridX);
        context.put("gridY", gridY);
        context.put("lines", lines);
        context.put("points", points);
        return context;
    }

    private double x(int step) { return LEFT + (width - 12.0 - LEFT) * step / lastStep; }

    private static double y(double value, double low, double high) { return HEIGHT - BOTTOM_MARGIN - (HEIGHT - BOTTOM_MARGIN - TOP) * (value - low) / (high - low); }

    /** The next of 1, 2, 5, 10, ... */
    private static double round(double size) {
        if (!(size > 0)) return 1;
        double power = Math.pow(10, Math.floor(Math.log10(size))), share = size / power;
        return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
    }

    private static String number(double value, double step) {
        if (Math.abs(value) < step / 2) return "0";
        int decimals = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
        if (decimals > 4 || Math.abs(value) >= 1e6) return String.format(Locale.ROOT, "%.1e", value).replace("e-0", "e-").replace("e+0", "e");
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    private static String place(double value) { return String.format(Locale.ROOT, "%.1f", value); }
}
