package io.graft.merge.experiment;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What came out of a study.
 *
 * @param study       as it was asked for
 * @param seeds       that were run
 * @param fraction    of the study that was run
 * @param methods     the lines of the grid
 * @param evaluations what was asked
 * @param rows        every method for every seed
 * @param curves      the losses of every training
 * @param changes     where the experts of the first seed changed the base
 * @param warnings    what the user should know
 * @param steps       how many steps there were
 * @param made        how many of them were not in the cache
 * @param seconds     that these took
 * @param allSeconds  that all took when they were made
 */
public record StudyResult(Study study, List<Long> seeds, double fraction, List<Method> methods, List<Question> evaluations, List<Row> rows, List<Curve> curves, Optional<JsonObject> changes,
        List<String> warnings, int steps, int made, double seconds, double allSeconds) {

    /**
     * An evaluation.
     *
     * @param name  of it
     * @param title for people; empty for none
     * @param total questions
     * @param rules what is asked and how it is judged
     */
    public record Question(String name, String title, int total, JsonObject rules) {}

    /**
     * A method for one seed.
     *
     * @param method   which
     * @param seed     of its experts
     * @param outcomes by the evaluation's name
     * @param samples  files of every question, prompt, answer and verdict
     */
    public record Row(Method method, long seed, Map<String, Outcome> outcomes, Map<String, Path> samples) {}

    /**
     * The losses of a training.
     *
     * @param name        whose
     * @param losses      of every step
     * @param validations steps and losses of every validation
     */
    public record Curve(String name, List<Double> losses, List<double[]> validations) {

        static Curve read(String name, Path file) {
            if (!Files.isRegularFile(file)) return new Curve(name, List.of(), List.of());
            JsonObject json = Json.readObject(file);
            List<Double> losses = new ArrayList<>();
            for (JsonElement each : json.getAsJsonArray("loss")) losses.add(each.getAsDouble());
            List<double[]> validations = new ArrayList<>();
            for (JsonElement each : json.getAsJsonArray("validation")) validations.add(new double[] {each.getAsJsonArray().get(0).getAsDouble(), each.getAsJsonArray().get(1).getAsDouble()});
            return new Curve(name, losses, validations);
        }
    }

    /**
     * The rows of a method.
     *
     * @param method one of them
     * @return a row for every seed
     */
    public List<Row> rows(Method method) { return rows.stream().filter(row -> row.method().name().equals(method.name())).toList(); }

    /**
     * The mean accuracy of a method over its seeds.
     *
     * @param method     one of them
     * @param evaluation by name
     * @return from 0 to 1; NaN where it has none
     */
    public double mean(Method method, String evaluation) { return rows(method).stream().mapToDouble(row -> row.outcomes().get(evaluation).accuracy()).average().orElse(Double.NaN); }
}
