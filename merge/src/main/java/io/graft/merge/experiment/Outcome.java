package io.graft.merge.experiment;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.merge.eval.Statistics;

/**
 * What a model did on one evaluation.
 *
 * @param right for every question whether it was answered rightly, in the order of the questions
 * @param more  other measures by name, such as {@code acc_norm}; empty object for none
 */
public record Outcome(boolean[] right, JsonObject more) {

    /** {@return how many were right} */
    public int correct() {
        int correct = 0;
        for (boolean each : right) if (each) correct++;
        return correct;
    }

    /** {@return how many there were} */
    public int total() { return right.length; }

    /** {@return the share that was right; NaN without a question} */
    public double accuracy() { return correct() / (double) right.length; }

    /** {@return Wilson's interval at 95 %} */
    public Statistics.Interval interval() { return Statistics.wilson(correct(), total()); }

    JsonObject json() {
        JsonObject json = new JsonObject();
        StringBuilder bits = new StringBuilder(right.length);
        for (boolean each : right) bits.append(each ? '1' : '0');
        json.addProperty("right", bits.toString());
        json.add("more", more);
        return json;
    }

    static Outcome of(boolean[] right) { return new Outcome(right, new JsonObject()); }

    static Outcome of(JsonObject json) {
        String bits = json.get("right").getAsString();
        boolean[] right = new boolean[bits.length()];
        for (int i = 0; i < right.length; i++) right[i] = bits.charAt(i) == '1';
        JsonElement more = json.get("more");
        return new Outcome(right, more instanceof JsonObject object ? object : new JsonObject());
    }

    /** {@return its numbers as results.json has them} */
    JsonObject numbers() {
        JsonObject numbers = new JsonObject();
        if (total() > 0) {
            numbers.addProperty("accuracy", round(accuracy()));
            numbers.addProperty("correct", correct());
            numbers.addProperty("total", total());
            JsonArray interval = new JsonArray();
            interval.add(round(interval().low()));
            interval.add(round(interval().high()));
            numbers.add("interval", interval);
        }
        more.entrySet().forEach(entry -> numbers.add(entry.getKey(), entry.getValue()));
        return numbers;
    }

    /** Six digits: what differs beyond them is no finding. */
    static double round(double value) { return Double.isFinite(value) ? Math.rint(value * 1e6) / 1e6 : 0; }
}
