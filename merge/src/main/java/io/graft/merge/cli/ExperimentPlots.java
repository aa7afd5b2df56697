package io.graft.merge.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import io.graft.merge.experiment.Method;
import io.graft.merge.experiment.Study;
import io.graft.merge.experiment.StudyResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** The pictures and examples of a study's page. */
final class ExperimentPlots {

    private static final int CELL = 46, HEIGHT = 26, GAP = 2, LEFT = 40, TOP = 34;

    private ExperimentPlots() {}

    /** A heat map for every evaluation and every value of what is swept beside rows and columns. */
    static List<Map<String, Object>> sweep(StudyResult result) {
        List<Map<String, Object>> maps = new ArrayList<>();
        Study.HeatMapSpec spec = result.study().heatMap().orElse(null);
        if (spec == null) return maps;
        Map<String, List<Method>> groups = new LinkedHashMap<>();
        for (Method method : result.methods()) {
            if (!method.group().equals(spec.merge())) continue;
            Map<String, String> rest = new LinkedHashMap<>(method.sweep());
            rest.remove(spec.rows());
            rest.remove(spec.columns());
            String name = String.join(", ", rest.entrySet().stream().map(each -> each.getKey().replace("+", " and ") + " " + each.getValue()).toList());
            groups.computeIfAbsent(name + (method.variant().isEmpty() ? "" : (name.isEmpty() ? "" : ", ") + method.variant()), _ -> new ArrayList<>()).add(method);
        }
        for (StudyResult.Question evaluation : result.evaluations()) {
            if (evaluation.total() == 0 || spec.evaluation().isPresent() && !spec.evaluation().get().equals(evaluation.name())) continue;
            double low = groups.values().stream().flatMap(List::stream).mapToDouble(method -> result.mean(method, evaluation.name())).min().orElse(0);
            double high = groups.values().stream().flatMap(List::stream).mapToDouble(method -> result.mean(method, evaluation.name())).max().orElse(1);
            groups.forEach((name, methods) -> maps.add(map(result, spec, evaluation.name(), name, methods, low, high)));
        }
        return maps;
    }

    private static Map<String, Object> map(StudyResult result, Study.HeatMapSpec spec, String evaluation, String name, List<Method> methods, double low, double high) {
        Set<String> rows = new LinkedHashSet<>(), columns = new LinkedHashSet<>();
        for (Method method : methods) {
            rows.add(method.sweep().get(spec.rows()));
            columns.add(method.sweep().get(spec.columns()));
        }
        List<String> rowList = List.copyOf(rows), columnList = List.copyOf(columns);
        List<Map<String, Object>> cells = new ArrayList<>(), rowHeads = new ArrayList<>(), columnHeads = new ArrayList<>();
        for (int i = 0; i < rowList.size(); i++) rowHeads.add(Map.of("x", LEFT - 6, "y", TOP + i * (HEIGHT + GAP) + 17, "text", rowList.get(i)));
        for (int i = 0; i < columnList.size(); i++) columnHeads.add(Map.of("x", LEFT + i * (CELL + GAP) + CELL / 2, "y", TOP - 6, "text", columnList.get(i)));
        for (Method method : methods) {
            double value = result.mean(method, evaluation), t = high > low ? (value - low) / (high - low) : 0;
            int x = LEFT + columnList.indexOf(method.sweep().get(spec.columns())) * (CELL + GAP), y = TOP + rowList.indexOf(method.sweep().get(spec.rows())) * (HEIGHT + GAP);
            Map<String, Object> cell = new HashMap<>();
            cell.put("x", x);
            cell.put("y", y);
            cell.put("w", CELL);
            cell.put("h", HEIGHT);
            cell.put("textX", x + CELL / 2);
            cell.put("textY", y + 17);
            cell.put("text", String.format(Locale.ROOT, "%.1f", 100 * value));
            cell.put("t", String.format(Locale.ROOT, "%.3f", t));
            cell.put("style", t > 0.5 ? " deep" : "");
            cell.put("tip", method.name() + ": " + String.format(Locale.ROOT, "%.1f %%", 100 * value));
            cells.add(cell);
        }
        Map<String, Object> map = new HashMap<>();
        map.put("caption", evaluation + (name.isEmpty() ? "" : ": " + name));
        map.put("rowsName", spec.rows());
        map.put("columnsName", spec.columns());
        map.put("width", Math.max(130, LEFT + columnList.size() * (CELL + GAP)));
        map.put("height", TOP + rowList.size() * (HEIGHT + GAP));
        map.put("rowHeads", rowHeads);
        map.put("columnHeads", columnHeads);
        map.put("cells", cells);
        return map;
    }

    /** Bars by layer for every expert. */
    static List<Map<String, Object>> changes(StudyResult result) {
        List<Map<String, Object>> plots = new ArrayList<>();
        JsonObject all = result.changes().orElse(new JsonObject());
        double top = 1e-9;
        for (var each : all.entrySet()) for (double[] bar : List.of(values(each.getValue().getAsJsonObject()))) for (double value : bar) top = Math.max(top, value);
        for (var each : all.entrySet()) {
            JsonObject found = each.getValue().getAsJsonObject();
            double[] values = values(found);
            int layers = found.getAsJsonArray("layers").size();
            double width = Math.min(30, 330.0 / values.length);
            List<Map<String, Object>> bars = new ArrayList<>();
            List<String> outside = List.copyOf(found.getAsJsonObject("outside").keySet());
            for (int i = 0; i < values.length; i++) {
                double height = 84 * values[i] / top;
                String name = i < layers ? "layer " + i : outside.get(i - layers), label = i < layers ? (layers <= 16 || i % 4 == 0 ? Integer.toString(i) : "") : letter(outside.get(i - layers));
                bars.add(Map.of("x", number(8 + i * width), "y", number(92 - height), "w", number(width - 2), "h", number(height), "textX", number(8 + (i + 0.5) * width - 1), "textY", 106, "text", label,
                        "tip", name + ": " + Text.percent(values[i])));
            }
            plots.add(Map.of("caption", each.getKey() + ": " + Text.percent(found.get("all").getAsDouble()) + " in all, at most " + Text.percent(max(values)), "width", (int) (16 + values.length * width), "height", 110, "bars", bars));
        }
        return plots;
    }

    private static String letter(String name) { return name.contains("embed") ? "E" : name.contains("head") ? "H" : "N"; }

    private static double max(double[] values) { return java.util.Arrays.stream(values).max().orElse(0); }

    private static double[] values(JsonObject found) {
        List<Double> values = new ArrayList<>();
        for (JsonElement each : found.getAsJsonArray("layers")) values.add(each.getAsDouble());
        for (var each : found.getAsJsonObject("outside").entrySet()) values.add(each.getValue().getAsDouble());
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** A training's losses, each the mean of its neighbours. */
    static Map<String, Object> curve(StudyResult.Curve curve) {
        List<Double> losses = curve.losses();
        int n = losses.size(), half = Math.max(1, n / 60), points = Math.min(n, 160);
        double[] smooth = new double[points];
        double top = 0, bottom = Double.MAX_VALUE;
        for (int i = 0; i < points; i++) {
            int at = points == 1 ? 0 : (int) ((long) i * (n - 1) / (points - 1)), from = Math.max(0, at - half), to = Math.min(n, at + half + 1);
            smooth[i] = losses.subList(from, to).stream().mapToDouble(Double::doubleValue).average().orElse(0);
            top = Math.max(top, smooth[i]);
            bottom = Math.min(bottom, smooth[i]);
        }
        for (double[] each : curve.validations()) {
            top = Math.max(top, each[1]);
            bottom = Math.min(bottom, each[1]);
        }
        double range = Math.max(top - bottom, 1e-9);
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < points; i++) line.append(number(34 + 318.0 * i / Math.max(1, points - 1))).append(',').append(number(146 - 132 * (smooth[i] - bottom) / range)).append(' ');
        List<Map<String, Object>> dots = new ArrayList<>();
        for (double[] each : curve.validations()) dots.add(Map.of("x", number(34 + 318 * Math.min(1, each[0] / n)), "y", number(146 - 132 * (each[1] - bottom) / range)));
        return Map.of("caption", curve.name(), "top", String.format(Locale.ROOT, "%.2f", top), "bottom", String.format(Locale.ROOT, "%.2f", bottom), "steps", n, "points", line.toString().strip(), "validations", dots);
    }

    /** The first questions of every evaluation with everybody's answers. */
    static List<Map<String, Object>> examples(StudyResult result, List<Method> methods) {
        List<Map<String, Object>> examples = new ArrayList<>();
        for (StudyResult.Question evaluation : result.evaluations())
            for (int index = 0; index < Math.min(result.study().examples(), evaluation.total()); index++) {
                Map<String, Object> example = new HashMap<>();
                List<Map<String, Object>> answers = new ArrayList<>();
                for (Method method : methods) {
                    JsonObject sample = sample(result.rows(method).getFirst().samples().get(evaluation.name()), index);
                    if (sample == null) continue;
                    example.putIfAbsent("prompt", last(sample.get("prompt").getAsString()));
                    example.putIfAbsent("gold", sample.get("gold").getAsString());
                    boolean right = sample.get("correct").getAsBoolean();
                    answers.add(Map.of("name", method.name(), "output", cut(sample.get("output").getAsString()), "verdict", right ? "right" : "wrong", "mark", right ? "✓" : "✗"));
                }
                if (answers.isEmpty()) continue;
                example.put("caption", evaluation.name() + ", question " + (index + 1));
                example.put("answers", answers);
                example.put("open", evaluation == result.evaluations().getLast() && index == 0 ? " open" : "");
                examples.add(example);
            }
        return examples;
    }

    private static JsonObject sample(Path file, int index) {
        if (file == null || !Files.isRegularFile(file)) return null;
        try (Stream<String> lines = Files.lines(file)) {
            return lines.skip(index).findFirst().map(line -> Json.parse(file.toString(), line).getAsJsonObject()).orElse(null);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** The end of a prompt: the question itself stands there, behind its examples. */
    private static String last(String prompt) { return prompt.length() <= 600 ? prompt : "… " + prompt.substring(prompt.length() - 600); }

    private static String cut(String output) { return output.length() <= 500 ? output : output.substring(0, 500) + " …"; }

    private static String number(double value) { return String.format(Locale.ROOT, "%.1f", value); }
}
