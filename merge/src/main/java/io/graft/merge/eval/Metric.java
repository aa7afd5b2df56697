package io.graft.merge.eval;

import com.google.gson.JsonObject;

/**
 * A number of an evaluation.
 *
 * @param name    such as {@code flexible-extract}
 * @param value   a share of right answers, 0 to 1; or a perplexity and the like
 * @param correct how many answers were right; -1 for a number that is no share
 * @param total   of how many; of a perplexity, over how many tokens
 * @param low     lower end of the Wilson interval at 95 %; not a number where it is no share
 * @param high    its upper end
 */
public record Metric(String name, double value, int correct, int total, double low, double high) {

    /**
     * A share.
     *
     * @param name    of the metric
     * @param correct how many were right
     * @param total   of how many
     * @return it, with its Wilson interval
     */
    public static Metric share(String name, int correct, int total) {
        Statistics.Interval interval = Statistics.wilson(correct, total);
        return new Metric(name, total == 0 ? 0 : correct / (double) total, correct, total, interval.low(), interval.high());
    }

    /**
     * A number that is no share.
     *
     * @param name  of the metric
     * @param value the number
     * @param total over how many
     * @return it, without an interval
     */
    public static Metric number(String name, double value, int total) { return new Metric(name, value, -1, total, Double.NaN, Double.NaN); }

    /** {@return whether it is a share of right answers} */
    public boolean isShare() { return correct >= 0; }

    /** {@return {@code value}, {@code correct}, {@code total}, {@code low}, {@code high}; of what is no share, {@code value} and {@code total}} */
    public JsonObject json() {
        JsonObject json = new JsonObject();
        json.addProperty("value", value);
        if (isShare()) json.addProperty("correct", correct);
        json.addProperty("total", total);
        if (isShare()) {
            json.addProperty("low", low);
            json.addProperty("high", high);
        }
        return json;
    }
}
