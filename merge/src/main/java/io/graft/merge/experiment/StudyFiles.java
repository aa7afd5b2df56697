package io.graft.merge.experiment;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RunException;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.json.Json;
import io.graft.merge.experiment.StudyResult.Row;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes results as files that hold no time, date, path or machine: two runs of a study give the same bytes. */
public final class StudyFiles {

    private StudyFiles() {}

    /**
     * Writes {@code results.json}, {@code results.csv} and {@code samples/METHOD-seedN.jsonl}; a file whose bytes are right stays.
     *
     * @param result what came out
     * @param folder where
     */
    public static void write(StudyResult result, Path folder) {
        put(folder.resolve("results.json"), Json.write(json(result)).getBytes(StandardCharsets.UTF_8));
        put(folder.resolve("results.csv"), csv(result).getBytes(StandardCharsets.UTF_8));
        for (Row row : result.rows()) {
            StringBuilder lines = new StringBuilder();
            row.samples().forEach((evaluation, file) -> Json.readText(file).lines().forEach(line -> lines.append("{\"evaluation\":").append(Json.line(new JsonPrimitive(evaluation))).append(',').append(line, 1, line.length()).append('\n')));
            put(folder.resolve("samples").resolve(slug(row.method().name()) + "-seed" + row.seed() + ".jsonl"), lines.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    /**
     * Writes a file unless it holds these bytes.
     *
     * @param file  where
     * @param bytes what
     * @return whether it was written
     */
    public static boolean put(Path file, byte[] bytes) {
        try {
            if (Files.isRegularFile(file) && Files.size(file) == bytes.length && java.util.Arrays.equals(Files.readAllBytes(file), bytes)) return false;
        } catch (IOException error) {
            throw new RunException(file.toString(), "cannot be read: " + error.getMessage(), error);
        }
        AtomicFile.write(file, bytes);
        return true;
    }

    static String slug(String name) { return name.replaceAll("[^A-Za-z0-9_=.-]+", "-").replaceAll("^-|-$", ""); }

    /**
     * The results as one document.
     *
     * @param result what came out
     * @return study, seeds, fraction, evaluations, rows, summary (means over seeds) and comparisons
     */
    public static JsonObject json(StudyResult result) {
        JsonObject json = new JsonObject();
        json.addProperty("study", result.study().name());
        JsonArray seeds = new JsonArray(), evaluations = new JsonArray(), rows = new JsonArray(), summary = new JsonArray(), comparisons = new JsonArray();
        result.seeds().forEach(seeds::add);
        json.add("seeds", seeds);
        json.addProperty("fraction", result.fraction());
        for (StudyResult.Question each : result.evaluations()) {
            JsonObject evaluation = new JsonObject();
            evaluation.addProperty("name", each.name());
            evaluation.addProperty("total", each.total());
            evaluation.addProperty("task", each.rules().get("task").getAsString());
            evaluations.add(evaluation);
        }
        json.add("evaluations", evaluations);
        for (Row row : result.rows()) {
            JsonObject object = head(row.method());
            object.addProperty("seed", row.seed());
            JsonObject numbers = new JsonObject();
            row.outcomes().forEach((name, outcome) -> numbers.add(name, outcome.numbers()));
            object.add("evaluations", numbers);
            rows.add(object);
        }
        json.add("rows", rows);
        for (Method method : result.methods()) {
            JsonObject object = head(method);
            JsonObject numbers = new JsonObject();
            for (StudyResult.Question each : result.evaluations()) {
                if (each.total() == 0) continue;
                Spread spread = Spread.of(result, method, each.name());
                JsonObject one = new JsonObject();
                one.addProperty("mean", Outcome.round(spread.mean()));
                one.addProperty("lowest", Outcome.round(spread.lowest()));
                one.addProperty("highest", Outcome.round(spread.highest()));
                numbers.add(each.name(), one);
            }
            object.add("evaluations", numbers);
            summary.add(object);
        }
        json.add("summary", summary);
        for (Comparisons.Test test : Comparisons.of(result)) comparisons.add(comparison(test));
        json.add("comparisons", comparisons);
        return json;
    }

    private static JsonObject head(Method method) {
        JsonObject object = new JsonObject();
        object.addProperty("method", method.name());
        object.addProperty("kind", method.kind().word());
        object.addProperty("group", method.group());
        object.addProperty("variant", method.variant());
        object.addProperty("control", method.control());
        JsonObject sweep = new JsonObject();
        method.sweep().forEach(sweep::addProperty);
        object.add("settings", sweep);
        return object;
    }

    private static JsonObject comparison(Comparisons.Test test) {
        JsonObject object = new JsonObject();
        object.addProperty("evaluation", test.evaluation());
        object.addProperty("method", test.method().name());
        object.addProperty("reference", test.reference().name());
        object.addProperty("difference", Outcome.round(test.difference()));
        JsonArray interval = new JsonArray();
        interval.add(Outcome.round(test.interval().low()));
        interval.add(Outcome.round(test.interval().high()));
        object.add("bootstrap_interval", interval);
        object.addProperty("better", test.better());
        object.addProperty("worse", test.worse());
        object.addProperty("mcnemar_p", significant(test.p()));
        object.addProperty("holm_p", significant(test.holm()));
        return object;
    }

    /** Four significant digits. */
    private static double significant(double p) { return Double.parseDouble(String.format(Locale.ROOT, "%.3e", p)); }

    private static String csv(StudyResult result) {
        StringBuilder text = new StringBuilder("method,kind,variant,control,seed,evaluation,accuracy,correct,total,low,high\n");
        for (Row row : result.rows())
            for (Map.Entry<String, Outcome> each : row.outcomes().entrySet()) {
                Outcome o = each.getValue();
                if (o.total() == 0) continue; // a perplexity has no accuracy
                List<Object> cells = List.of(quoted(row.method().name()), row.method().kind().word(), quoted(row.method().variant()), row.method().control(), row.seed(), quoted(each.getKey()), Outcome.round(o.accuracy()), o.correct(), o.total(), Outcome.round(o.interval().low()), Outcome.round(o.interval().high()));
                text.append(String.join(",", cells.stream().map(Object::toString).toList())).append('\n');
            }
        return text.toString();
    }

    private static String quoted(String text) { return text.matches("[^\",\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"'; }

    /**
     * The accuracies of a method over its seeds.
     *
     * @param mean    of them
     * @param lowest  of them
     * @param highest of them
     */
    record Spread(double mean, double lowest, double highest) {

        static Spread of(StudyResult result, Method method, String evaluation) {
            double[] all = result.rows(method).stream().mapToDouble(row -> row.outcomes().get(evaluation).accuracy()).toArray();
            java.util.DoubleSummaryStatistics s = java.util.Arrays.stream(all).summaryStatistics();
            return new Spread(s.getAverage(), s.getMin(), s.getMax());
        }
    }
}
