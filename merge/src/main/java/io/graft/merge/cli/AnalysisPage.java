package io.graft.merge.cli;

import com.samskivert.mustache.Mustache;
import io.graft.merge.analysis.Additivity;
import io.graft.merge.analysis.AnalysisReport;
import io.graft.merge.analysis.Changes;
import io.graft.merge.analysis.Changes.TensorChanges;
import io.graft.merge.analysis.Curve;
import io.graft.merge.analysis.Place;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** An analysis as one HTML file: heat maps as tables, curves as SVG, light and dark, no script and nothing from a network. */
final class AnalysisPage {

    private static final int WIDTH = 480, HEIGHT = 260, LEFT = 56, RIGHT = 28, TOP = 12, BOTTOM = 28, COLOURS = 6;

    private final AnalysisReport found;
    private final Changes changes;

    private AnalysisPage(AnalysisReport found) {
        this.found = found;
        this.changes = found.changes();
    }

    /** {@return the page} */
    static String of(AnalysisReport found, AnalysisSheets tables, List<Sheet> sheets) {
        try (Reader template = new InputStreamReader(AnalysisPage.class.getResourceAsStream("analyse.mustache"), StandardCharsets.UTF_8)) {
            return Mustache.compiler().escapeHTML(true).strictSections(true).compile(template).execute(new AnalysisPage(found).context(tables, sheets));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private Map<String, Object> context(AnalysisSheets tables, List<Sheet> sheets) {
        Map<String, Object> page = new HashMap<>();
        page.put("base", Text.oneLine(changes.base(), 200));
        page.put("experts", changes.experts().stream().map(name -> Text.oneLine(name, 200)).toList());
        List<Map<String, Object>> maps = new ArrayList<>();
        for (int e = 0; e < changes.experts().size(); e++) {
            int expert = e;
            maps.add(map("Change of " + name(e) + ", in % of the base's norm", tensors -> tables.grouped(expert, _ -> 0, tensors).get(0).relative(), false));
        }
        for (AnalysisReport.Pair pair : found.pairs())
            maps.add(map("Cosine of " + name(pair.a()) + " and " + name(pair.b()) + (pair.same() ? ", two runs of the same training" : ""), tensors -> changes.cosine(pair.a(), pair.b(), tensors), true));
        page.put("maps", maps.stream().filter(map -> !((List<?>) map.get("rows")).isEmpty()).toList());
        List<Map<String, Object>> charts = new ArrayList<>();
        if (!found.rollback().isEmpty()) charts.add(chart("Loss while the smallest changes are reverted", "share reverted", lines(found.rollback()), true));
        if (!found.along().isEmpty()) charts.add(chart("Loss along base + a · task vector", "a", lines(found.along()), false));
        if (!found.additivity().isEmpty()) charts.add(chart("Error of adding up two task vectors, of the change by both", "into layer", added(), false));
        page.put("charts", charts);
        page.put("tables", sheets.stream().filter(sheet -> !sheet.key().equals("cells")).map(this::table).toList());
        page.put("left", changes.left().stream().map(line -> Text.oneLine(line, 300)).toList());
        page.put("hasLeft", !changes.left().isEmpty());
        page.put("version", Version.NUMBER);
        return page;
    }

    private String name(int expert) { return brief(changes.experts().get(expert)); }

    /** So much of a path's end as tells it from the other experts: beside the list of names that says enough. */
    private String brief(String name) {
        List<String> others = changes.experts().stream().filter(each -> !each.equals(name)).toList();
        for (int parts = 1; ; parts++) {
            String end = end(name, parts);
            int length = parts;
            if (end.equals(name) || others.stream().noneMatch(each -> end(each, length).equals(end))) return Text.oneLine(end, 200);
        }
    }

    /** The last parts of a path. */
    private static String end(String name, int parts) {
        int at = name.length() - 1;
        for (int i = 0; i < parts && at > 0; i++) at = name.lastIndexOf('/', at - 1);
        return at <= 0 ? name : name.substring(at + 1);
    }

    private Map<String, Object> map(String title, Function<List<TensorChanges>, Double> measure, boolean signed) {
        Set<Integer> layers = new TreeSet<>();
        Set<String> modules = new LinkedHashSet<>();
        for (TensorChanges tensor : changes.tensors()) {
            if (tensor.place().layer() == Place.OUTSIDE) continue;
            layers.add(tensor.place().layer());
            modules.add(tensor.place().module());
        }
        List<String> columns = modules.stream().sorted(Place.order()).toList();
        double[][] values = new double[layers.size()][columns.size()];
        double top = 0;
        int row = 0;
        for (int layer : layers) {
            for (int column = 0; column < columns.size(); column++) {
                Place place = new Place(layer, columns.get(column));
                List<TensorChanges> here = changes.tensors().stream().filter(tensor -> tensor.place().equals(place)).toList();
                values[row][column] = here.isEmpty() ? Double.NaN : measure.apply(here);
                if (Math.abs(values[row][column]) > top) top = Math.abs(values[row][column]);
            }
            row++;
        }
        if (signed) top = 1;
        List<Map<String, Object>> rows = new ArrayList<>();
        row = 0;
        for (int layer : layers) {
            List<Map<String, Object>> cells = new ArrayList<>();
            for (int column = 0; column < columns.size(); column++) {
                double value = values[row][column], depth = Double.isNaN(value) || top == 0 ? 0 : Math.abs(value) / top;
                cells.add(Map.of("t", String.format(Locale.ROOT, "%.3f", depth), "style", Double.isNaN(value) ? "none" : (value < 0 ? "minus" : "plus") + (depth > 0.55 ? " deep" : ""),
                        "text", Double.isNaN(value) ? "" : signed ? String.format(Locale.ROOT, "%.2f", value) : String.format(Locale.ROOT, "%.1f", 100 * value)));
            }
            rows.add(Map.of("layer", layer, "cells", cells));
            row++;
        }
        return Map.of("title", title, "heads", columns.stream().map(module -> Text.oneLine(Place.shortName(module), 30)).toList(), "rows", rows);
    }

    private record Line(String name, double[] x, double[] y) {}

    private List<Line> lines(List<Curve> curves) {
        return curves.stream().map(curve -> new Line(brief(curve.expert()) + " on " + brief(curve.data()), curve.x(), curve.y())).toList();
    }

    private List<Line> added() {
        List<Line> lines = new ArrayList<>();
        for (Additivity each : found.additivity()) {
            double[] x = new double[each.errors().length];
            for (int i = 0; i < x.length; i++) x[i] = i;
            lines.add(new Line(brief(each.first()) + " and " + brief(each.second()), x, each.errors()));
        }
        return lines;
    }

    private static Map<String, Object> chart(String title, String axis, List<Line> lines, boolean percent) {
        double minX = Double.POSITIVE_INFINITY, maxX = Double.NEGATIVE_INFINITY, minY = 0, maxY = 0;
        for (Line line : lines)
            for (int i = 0; i < line.x().length; i++) {
                minX = Math.min(minX, line.x()[i]);
                maxX = Math.max(maxX, line.x()[i]);
                if (Double.isFinite(line.y()[i])) maxY = Math.max(maxY, line.y()[i]);
            }
        double width = maxX > minX ? maxX - minX : 1, height = maxY > minY ? maxY - minY : 1;
        List<Map<String, Object>> drawn = new ArrayList<>(), grid = new ArrayList<>(), ticks = new ArrayList<>();
        for (int n = 0; n < lines.size(); n++) {
            StringBuilder path = new StringBuilder();
            List<Map<String, Object>> points = new ArrayList<>();
            Line line = lines.get(n);
            for (int i = 0; i < line.x().length; i++) {
                if (!Double.isFinite(line.y()[i])) continue;
                String x = at(LEFT + (line.x()[i] - minX) / width * (WIDTH - LEFT - RIGHT)), y = at(HEIGHT - BOTTOM - (line.y()[i] - minY) / height * (HEIGHT - TOP - BOTTOM));
                path.append(path.isEmpty() ? "M" : " L").append(x).append(' ').append(y);
                points.add(Map.of("x", x, "y", y, "tip", line.name() + ": " + Text.number(line.y()[i]) + " at " + (percent ? Text.percent(line.x()[i]) : Text.number(line.x()[i]))));
            }
            drawn.add(Map.of("colour", "c" + n % COLOURS, "dash", n < COLOURS ? "" : "4 3", "path", path.toString(), "points", points, "name", line.name()));
        }
        for (int i = 0; i <= 4; i++) {
            double value = minY + height * i / 4, place = minX + width * i / 4;
            grid.add(Map.of("y", at(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * i / 4.0), "textY", at(HEIGHT - BOTTOM + 4 - (HEIGHT - TOP - BOTTOM) * i / 4.0), "text", tick(value)));
            ticks.add(Map.of("x", at(LEFT + (WIDTH - LEFT - RIGHT) * i / 4.0), "text", percent ? Text.percent(place) : tick(place)));
        }
        Map<String, Object> chart = new HashMap<>(Map.of("width", WIDTH, "height", HEIGHT, "left", LEFT, "right", WIDTH - RIGHT, "textX", LEFT - 6, "tickY", HEIGHT - 8));
        chart.putAll(Map.of("title", title, "axis", axis, "grid", grid, "ticks", ticks, "lines", drawn));
        return chart;
    }

    /** Three digits, without zeros at the end. */
    private static String tick(double value) { return java.math.BigDecimal.valueOf(value).round(new java.math.MathContext(3)).stripTrailingZeros().toPlainString(); }

    private static String at(double value) { return String.format(Locale.ROOT, "%.1f", value); }

    private Map<String, Object> table(Sheet sheet) {
        List<Map<String, Object>> heads = new ArrayList<>(), rows = new ArrayList<>();
        for (int i = 0; i < sheet.columns().size(); i++) heads.add(Map.of("text", sheet.columns().get(i).head(), "style", sheet.isNumeric(i) ? "" : "name"));
        for (int row = 0; row < sheet.rows().size(); row++) {
            List<Map<String, Object>> cells = new ArrayList<>();
            for (int i = 0; i < sheet.columns().size(); i++) cells.add(Map.of("text", sheet.isName(i) ? brief(sheet.rows().get(row)[i].toString()) : sheet.shown(row, i), "style", sheet.isNumeric(i) ? "" : "name"));
            rows.add(Map.of("cells", cells));
        }
        return Map.of("title", sheet.title(), "heads", heads, "rows", rows, "open", sheet.rows().size() <= 16 ? "open" : "");
    }
}
