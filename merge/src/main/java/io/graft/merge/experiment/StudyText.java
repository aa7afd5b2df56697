package io.graft.merge.experiment;

import io.graft.merge.eval.Statistics;
import io.graft.merge.experiment.StudyResult.Question;
import io.graft.merge.experiment.StudyResult.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A study's findings in words and tables, for Markdown, the terminal and the page. */
public final class StudyText {

    private StudyText() {}

    /**
     * The methods of the short table.
     *
     * @param result what came out
     * @return those that the study names, else all
     */
    public static List<Method> headline(StudyResult result) {
        List<String> named = result.study().headline();
        if (named.isEmpty()) return result.methods();
        List<Method> chosen = new ArrayList<>();
        for (String name : named)
            for (Method method : result.methods())
                if ((method.name().equals(name) || method.name().startsWith(name + " (") || method.group().equals(name) && method.sweep().isEmpty()) && !chosen.contains(method)) chosen.add(method);
        return chosen.isEmpty() ? result.methods() : chosen;
    }

    /**
     * An accuracy in percent, one decimal; of a perplexity its value.
     *
     * @param result     what came out
     * @param method     of a row
     * @param evaluation of a column
     * @return text
     */
    public static String cell(StudyResult result, Method method, Question evaluation) {
        List<Row> rows = result.rows(method);
        Outcome first = rows.getFirst().outcomes().get(evaluation.name());
        if (first.total() == 0) return first.more().has("perplexity") ? String.format(Locale.ROOT, "%.2f", first.more().get("perplexity").getAsDouble()) : "-";
        StudyFiles.Spread spread = StudyFiles.Spread.of(result, method, evaluation.name());
        return String.format(Locale.ROOT, "%.1f", 100 * spread.mean());
    }

    /**
     * What is beside it: the interval at 95 % in percent.
     *
     * @param result     what came out
     * @param method     of a row
     * @param evaluation of a column
     * @return such as {@code 35-46}; empty for a perplexity
     */
    public static String around(StudyResult result, Method method, Question evaluation) {
        List<Row> rows = result.rows(method);
        Outcome first = rows.getFirst().outcomes().get(evaluation.name());
        if (first.total() == 0) return "";
        Statistics.Interval interval = interval(result, method, evaluation);
        return String.format(Locale.ROOT, "%.0f-%.0f", 100 * interval.low(), 100 * interval.high());
    }

    /**
     * Of one seed Wilson's interval; of several that of their mean number of right answers.
     *
     * @param result     what came out
     * @param method     of a row
     * @param evaluation of a column
     * @return at 95 %
     */
    public static Statistics.Interval interval(StudyResult result, Method method, Question evaluation) {
        List<Row> rows = result.rows(method);
        int total = rows.getFirst().outcomes().get(evaluation.name()).total();
        double mean = rows.stream().mapToInt(row -> row.outcomes().get(evaluation.name()).correct()).average().orElse(0);
        return Statistics.wilson((int) Math.round(mean), total);
    }

    /**
     * The findings as Markdown; the same bytes for every run.
     *
     * @param result what came out
     * @return text
     */
    public static String markdown(StudyResult result) {
        StringBuilder text = new StringBuilder("# ").append(result.study().title()).append("\n\n");
        if (!result.study().description().isEmpty()) text.append(result.study().description()).append("\n\n");
        if (!result.study().status().isEmpty()) text.append("**").append(result.study().status()).append("**\n\n");
        text.append(conditions(result)).append("\n\n");
        for (String line : sentences(result)) text.append("- ").append(line).append('\n');
        if (headline(result).size() < result.methods().size()) {
            text.append("\n## In short\n\n");
            table(text, result, headline(result));
        }
        text.append("\n## All methods\n\n");
        table(text, result, result.methods());
        text.append("\nPercent of right answers; in brackets Wilson's interval at 95 %").append(result.seeds().size() > 1 ? " of the seeds' mean number of right answers" : "").append(". *control*: made to fail if the explanation holds.\n");
        List<Comparisons.Test> tests = Comparisons.of(result);
        if (!tests.isEmpty()) {
            text.append("\n## Differences\n\n").append(comparisonsNote(result, tests)).append("\n\n| evaluation | method | against | difference | bootstrap 95 % | better : worse | McNemar p | Holm |\n|---|---|---|---|---|---|---|---|\n");
            for (Comparisons.Test t : tests)
                text.append("| ").append(t.evaluation()).append(" | ").append(escape(t.method().name())).append(" | ").append(escape(t.reference().name())).append(" | ").append(signed(t.difference())).append(" | ")
                        .append(signed(t.interval().low())).append(" to ").append(signed(t.interval().high())).append(" | ").append(t.better()).append(" : ").append(t.worse()).append(" | ").append(p(t.p())).append(" | ")
                        .append(t.stands() ? "**" + p(t.holm()) + "**" : p(t.holm())).append(" |\n");
        }
        return text.toString();
    }

    /**
     * Under which conditions the numbers came about.
     *
     * @param result what came out
     * @return a sentence
     */
    public static String conditions(StudyResult result) {
        String seeds = result.seeds().size() == 1 ? "One seed (" + result.seeds().getFirst() + ")" : result.seeds().size() + " seeds (" + String.join(", ", result.seeds().stream().map(String::valueOf).toList()) + ")";
        String part = result.fraction() < 1 ? String.format(Locale.ROOT, "; reduced to %.4g of the steps and questions, so a first look and no result", result.fraction()) : "";
        return seeds + ", " + result.methods().size() + " methods, " + result.evaluations().size() + " evaluations (" + String.join(", ", result.evaluations().stream().map(each -> each.name() + " " + each.total()).toList()) + ")" + part + ".";
    }

    /** How the tests are to be read. */
    static String comparisonsNote(StudyResult result, List<Comparisons.Test> tests) {
        long stands = tests.stream().filter(Comparisons.Test::stands).count();
        return "Each method against " + String.join(", ", tests.stream().map(test -> test.reference().name()).distinct().toList()) + ", on the same questions: " + tests.size() + " tests, those of an evaluation corrected together by Holm's procedure; "
                + stands + " differences stand at 5 %. " + (result.seeds().size() > 1 ? "A question's answers over the seeds count as one. " : "") + "These are comparisons planned beforehand; a best point of a sweep is chosen by its result and is flattered by that.";
    }

    /**
     * What the numbers say.
     *
     * @param result what came out
     * @return one sentence for each evaluation
     */
    public static List<String> sentences(StudyResult result) {
        List<String> lines = new ArrayList<>();
        for (Question evaluation : result.evaluations()) {
            if (evaluation.total() == 0) continue;
            Method best = null, expert = null;
            for (Method method : result.methods()) {
                double mean = result.mean(method, evaluation.name());
                if (method.kind() == Method.Kind.MERGE && !method.control() && (best == null || mean > result.mean(best, evaluation.name()))) best = method;
                if (method.kind() == Method.Kind.EXPERT && !method.control() && (expert == null || mean > result.mean(expert, evaluation.name()))) expert = method;
            }
            if (best == null || expert == null) continue;
            lines.add(evaluation.name() + ": the best merge is " + best.name() + " with " + percent(result.mean(best, evaluation.name())) + ", the best trained model " + expert.name() + " with " + percent(result.mean(expert, evaluation.name()))
                    + "; the base has " + percent(result.mean(result.methods().getFirst(), evaluation.name())) + ".");
        }
        return lines;
    }

    private static void table(StringBuilder text, StudyResult result, List<Method> methods) {
        text.append("| method |");
        for (Question each : result.evaluations()) text.append(' ').append(escape(each.title().isEmpty() ? each.name() : each.title())).append(" |");
        text.append("\n|---|").append("---|".repeat(result.evaluations().size())).append('\n');
        for (Method method : methods) {
            text.append("| ").append(escape(method.name())).append(method.control() ? " *control*" : "").append(" |");
            for (Question each : result.evaluations()) {
                String around = around(result, method, each);
                text.append(' ').append(cell(result, method, each)).append(around.isEmpty() ? "" : " (" + around + ")").append(" |");
            }
            text.append('\n');
        }
    }

    private static String escape(String text) { return text.replace("|", "\\|").replace("*", "\\*"); }

    /** A share as percent. */
    static String percent(double share) { return String.format(Locale.ROOT, "%.1f %%", 100 * share); }

    /** A difference in points. */
    static String signed(double share) { return String.format(Locale.ROOT, "%+.1f", 100 * share); }

    /** A probability. */
    static String p(double p) { return p < 0.0005 ? "< 0.001" : String.format(Locale.ROOT, "%.3f", p); }
}
