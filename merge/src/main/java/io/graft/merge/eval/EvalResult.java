package io.graft.merge.eval;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * What a model made of a task. Holds no time and no path: the same model and task give the same result.
 *
 * @param task    the task's name
 * @param primary the metric that is the task's accuracy
 * @param metrics all metrics, over all questions
 * @param groups  the same of every part of the data that has a name, in the order of the data; empty where none has
 * @param samples every question; none of a perplexity
 * @param cut     how many prompts lost their beginning because the model reads no longer texts
 */
public record EvalResult(String task, String primary, SequencedMap<String, Metric> metrics, SequencedMap<String, SequencedMap<String, Metric>> groups, List<EvalSample> samples, int cut) {

    /** Copies what it is given. */
    public EvalResult {
        metrics = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(metrics));
        groups = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(groups));
        samples = List.copyOf(samples);
    }

    /**
     * Counts the verdicts of samples.
     *
     * @param task    the task's name
     * @param primary the metric that is its accuracy
     * @param names   all metrics, in the order in which they are shown
     * @param samples the samples, each with a verdict for every metric
     * @param cut     how many prompts were cut
     * @return the result
     */
    public static EvalResult of(String task, String primary, List<String> names, List<EvalSample> samples, int cut) {
        SequencedMap<String, List<EvalSample>> parts = new LinkedHashMap<>();
        for (EvalSample sample : samples) if (sample.group() != null) parts.computeIfAbsent(sample.group(), _ -> new ArrayList<>()).add(sample);
        SequencedMap<String, SequencedMap<String, Metric>> groups = new LinkedHashMap<>();
        parts.forEach((group, some) -> groups.put(group, count(names, some)));
        return new EvalResult(task, primary, count(names, samples), groups, samples, cut);
    }

    private static SequencedMap<String, Metric> count(List<String> names, List<EvalSample> samples) {
        SequencedMap<String, Metric> metrics = new LinkedHashMap<>();
        for (String name : names) metrics.put(name, Metric.share(name, (int) samples.stream().filter(sample -> sample.verdicts().get(name).right()).count(), samples.size()));
        return metrics;
    }

    /** {@return the primary metric over all questions} */
    public Metric accuracy() { return metrics.get(primary); }

    /**
     * For tests between models that were asked the same questions.
     *
     * @param metric its name
     * @return for every sample whether it was right
     */
    public boolean[] right(String metric) {
        boolean[] right = new boolean[samples.size()];
        for (int i = 0; i < right.length; i++) right[i] = samples.get(i).verdicts().get(metric).right();
        return right;
    }

    /**
     * The result without its samples.
     *
     * @return {@code task}, {@code metric} (the primary one), its {@code accuracy}, {@code correct}, {@code total}, {@code low}, {@code high} (of a
     *     perplexity {@code value} and {@code total}), {@code metrics}, {@code groups} if any, {@code cut} where it is not 0
     */
    public JsonObject json() {
        JsonObject json = new JsonObject();
        json.addProperty("task", task);
        json.addProperty("metric", primary);
        accuracy().json().entrySet().forEach(entry -> json.add(entry.getKey().equals("value") && accuracy().isShare() ? "accuracy" : entry.getKey(), entry.getValue()));
        json.add("metrics", json(metrics));
        if (!groups.isEmpty()) {
            JsonObject parts = new JsonObject();
            groups.forEach((name, part) -> parts.add(name, json(part)));
            json.add("groups", parts);
        }
        if (cut > 0) json.addProperty("cut", cut);
        return json;
    }

    private static JsonObject json(Map<String, Metric> metrics) {
        JsonObject json = new JsonObject();
        metrics.forEach((name, metric) -> json.add(name, metric.json()));
        return json;
    }
}
