package io.graft.merge.eval;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.formats.json.Json;
import io.graft.merge.eval.EvalData.Row;
import io.graft.merge.eval.EvalSample.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads what lm-evaluation-harness (0.4) wrote, in place of an evaluation of ours.
 *
 * <p>Of {@code results_DATE.json} it reads {@code results}: for each task its {@code METRIC,FILTER} numbers; {@code n-samples}: of each
 * task {@code effective}; and {@code groups}, whose names are passed over. Of {@code samples_TASK_DATE.jsonl}, a line for each question
 * and filter: {@code doc_id}, {@code target}, {@code filter}, {@code arguments} (the prompt), {@code resps}, {@code filtered_resps}, and
 * the numbers {@code exact_match}, {@code acc}, {@code acc_norm}. Nothing else.
 *
 * <p>{@code exact_match,FILTER} becomes the metric {@code FILTER}; {@code acc,none} becomes {@code acc}; what is none of the three becomes a
 * number without an interval. A task's accuracy is {@code flexible-extract} if it has that, else its first share.
 */
public final class HarnessResults {

    private static final List<String> SHARES = List.of("exact_match", "acc", "acc_norm");
    private static final Pattern SAMPLES = Pattern.compile("samples_(.+)_(\\d{4}-\\d\\d-\\d\\dT[0-9.:-]+)\\.jsonl"), RESULTS = Pattern.compile("results_(.+)\\.json");
    private static final String NO_FILTER = "none", PREFERRED = "flexible-extract";

    private HarnessResults() {}

    /**
     * Reads results.
     *
     * @param path a {@code results_*.json}, beside which its samples are looked for; a {@code samples_*.jsonl}; or a folder, of which the
     *             last results (by their date) are read, below it too
     * @return a result for each task; with samples where those were logged
     * @throws RequestException if there are none, or they are not what the harness writes, or samples do not give the result
     */
    public static List<EvalResult> read(Path path) {
        Path file = Files.isDirectory(path) ? latest(path) : path;
        String name = file.getFileName().toString();
        Matcher alone = SAMPLES.matcher(name);
        if (alone.matches()) return List.of(samples(alone.group(1), file));
        Matcher dated = RESULTS.matcher(name);
        Map<String, Path> beside = dated.matches() ? samplesOf(file, dated.group(1)) : Map.of();
        JsonObject root = Json.readObject(file);
        if (!(root.get("results") instanceof JsonObject results)) throw new RequestException(file.toString(), "not results of lm-evaluation-harness", "an object \"results\"", Json.kind(root.get("results")));
        List<EvalResult> all = new ArrayList<>();
        for (String task : results.keySet()) {
            if (root.get("groups") instanceof JsonObject groups && groups.has(task)) continue;
            EvalResult told = told(file + ": " + task, task, results.get(task), total(root, task));
            all.add(beside.containsKey(task) ? agreed(told, samples(task, beside.get(task)), beside.get(task)) : told);
        }
        if (all.isEmpty()) throw new RequestException(file.toString(), "no task in it");
        return all;
    }

    private static Path latest(Path folder) {
        try (Stream<Path> files = Files.walk(folder, 3)) {
            return files.filter(file -> RESULTS.matcher(file.getFileName().toString()).matches()).max(Comparator.comparing(file -> file.getFileName().toString()))
                    .orElseThrow(() -> new RequestException(folder.toString(), "no results of lm-evaluation-harness in it", "results_*.json", "none"));
        } catch (IOException error) {
            throw new RunException(folder.toString(), "cannot be read: " + error.getMessage(), error);
        }
    }

    private static Map<String, Path> samplesOf(Path results, String date) {
        Map<String, Path> found = new TreeMap<>();
        try (Stream<Path> files = Files.list(results.toAbsolutePath().getParent())) {
            for (Path file : files.toList()) {
                Matcher match = SAMPLES.matcher(file.getFileName().toString());
                if (match.matches() && match.group(2).equals(date)) found.put(match.group(1), file);
            }
        } catch (IOException error) {
            throw new RunException(results.toString(), "its folder cannot be read: " + error.getMessage(), error);
        }
        return found;
    }

    private static int total(JsonObject root, String task) {
        return root.get("n-samples") instanceof JsonObject all && all.get(task) instanceof JsonObject of && of.get("effective") instanceof JsonPrimitive number && number.isNumber() ? number.getAsInt() : -1;
    }

    private static EvalResult told(String where, String task, JsonElement element, int total) {
        if (!(element instanceof JsonObject numbers)) throw new RequestException(where, "not a task's results", "an object", Json.kind(element));
        SequencedMap<String, Metric> metrics = new LinkedHashMap<>();
        for (var entry : numbers.entrySet()) {
            int comma = entry.getKey().indexOf(',');
            if (comma < 0 || entry.getKey().contains("_stderr,") || !(entry.getValue() instanceof JsonPrimitive value && value.isNumber())) continue;
            String metric = entry.getKey().substring(0, comma), name = name(metric, entry.getKey().substring(comma + 1));
            if (!SHARES.contains(metric)) {
                metrics.put(name, Metric.number(name, value.getAsDouble(), Math.max(0, total)));
                continue;
            }
            if (total < 0) throw new RequestException(where, "of how many questions is not said", "n-samples: " + task + ": effective", "nothing");
            double share = value.getAsDouble();
            long correct = Math.round(share * total);
            if (!(share >= 0 && share <= 1) || Math.abs(share * total - correct) > 1e-6 * Math.max(1, total)) throw new RequestException(where, entry.getKey(), "a share of " + total + " questions", share);
            metrics.put(name, Metric.share(name, (int) correct, total));
        }
        if (metrics.isEmpty()) throw new RequestException(where, "no number in it", "such as \"exact_match,flexible-extract\"", numbers.keySet());
        return new EvalResult(task, primary(metrics), metrics, new LinkedHashMap<>(), List.of(), 0);
    }

    private static String name(String metric, String filter) { return filter.equals(NO_FILTER) ? metric : metric.equals("exact_match") ? filter : metric + "," + filter; }

    private static String primary(SequencedMap<String, Metric> metrics) {
        if (metrics.containsKey(PREFERRED)) return PREFERRED;
        return metrics.values().stream().filter(Metric::isShare).map(Metric::name).findFirst().orElse(metrics.firstEntry().getKey());
    }

    /** Samples and the told numbers must be of one run. */
    private static EvalResult agreed(EvalResult told, EvalResult counted, Path file) {
        for (Metric metric : told.metrics().values()) {
            Metric other = counted.metrics().get(metric.name());
            if (metric.isShare() && (other == null || other.correct() != metric.correct() || other.total() != metric.total()))
                throw new RequestException(file.toString(), metric.name() + ": the samples do not give the result", metric.correct() + " of " + metric.total(),
                        other == null ? "no such metric" : other.correct() + " of " + other.total(), "take both from one run");
        }
        return new EvalResult(told.task(), told.primary(), told.metrics(), counted.groups(), counted.samples(), 0);
    }

    private static EvalResult samples(String task, Path file) {
        Map<Integer, EvalSample> samples = new TreeMap<>();
        List<String> names = new ArrayList<>();
        for (Row row : EvalData.rows(file)) {
            int doc = row.fields().get("doc_id") instanceof JsonPrimitive id && id.isNumber() ? id.getAsInt() : -1;
            if (doc < 0) throw new RequestException(row.where(), "the key \"doc_id\"", "a number", Json.kind(row.fields().get("doc_id")));
            String filter = row.fields().has("filter") ? row.text("filter") : NO_FILTER;
            EvalSample known = samples.get(doc);
            SequencedMap<String, Verdict> verdicts = new LinkedHashMap<>(known == null ? Map.of() : known.verdicts());
            for (String metric : SHARES) {
                if (!(row.fields().get(metric) instanceof JsonPrimitive number)) continue;
                String name = name(metric, filter);
                boolean right = number.isBoolean() ? number.getAsBoolean() : number.getAsDouble() == 1;
                if (verdicts.put(name, new Verdict(first(row.fields().get("filtered_resps")), right)) != null)
                    throw new RequestException(row.where(), "question " + doc + " has this filter twice", "once", filter);
                if (!names.contains(name)) names.add(name);
            }
            samples.put(doc, new EvalSample(doc, null, prompt(row.fields().get("arguments")), first(row.fields().get("resps")), null, row.fields().has("target") ? first(row.fields().get("target")) : "", verdicts));
        }
        for (EvalSample sample : samples.values())
            for (String name : names) if (!sample.verdicts().containsKey(name)) throw new RequestException(file.toString(), "question " + sample.index() + " lacks a filter that others have", name, sample.verdicts().keySet());
        if (names.isEmpty()) throw new RequestException(file.toString(), "no verdict in it", "exact_match, acc or acc_norm", "none");
        List<EvalSample> all = List.copyOf(samples.values());
        EvalResult counted = EvalResult.of(task, names.getFirst(), names, all, 0);
        return new EvalResult(task, primary(counted.metrics()), counted.metrics(), counted.groups(), all, 0);
    }

    /** The text that stands first, however deep in lists; log-likelihoods and the like as JSON. */
    private static String first(JsonElement element) {
        JsonElement at = element;
        while (at instanceof JsonArray list && list.size() == 1) at = list.get(0);
        return at == null || at.isJsonNull() ? "" : at instanceof JsonPrimitive text ? text.getAsString() : Json.line(at);
    }

    /** {@code {"gen_args_0": {"arg_0": PROMPT, ...}}}, or the list of lists of older versions. */
    private static String prompt(JsonElement arguments) {
        JsonElement at = arguments;
        while (at instanceof JsonObject object && !object.isEmpty() || at instanceof JsonArray list && !list.isEmpty())
            at = at instanceof JsonObject object ? object.entrySet().iterator().next().getValue() : at.getAsJsonArray().get(0);
        return at instanceof JsonPrimitive text ? text.getAsString() : "";
    }
}
