package io.graft.merge.cli;

import com.samskivert.mustache.Mustache;
import io.graft.merge.experiment.Method;
import io.graft.merge.experiment.StudyFindings;
import io.graft.merge.experiment.StudyResult;
import io.graft.merge.experiment.StudyText;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A study as one HTML file: no script, nothing from a network. It alone of a study's files says when, where and how long. */
final class ExperimentPage {

    /** The width of a bar in the grid. */
    private static final double BAR = 84;

    private final StudyResult result;

    private ExperimentPage(StudyResult result) { this.result = result; }

    /**
     * Writes the page.
     *
     * @param result what came out
     * @return HTML
     */
    static String of(StudyResult result) {
        try (Reader template = new InputStreamReader(ExperimentPage.class.getResourceAsStream("experiment.mustache"), StandardCharsets.UTF_8)) {
            return Mustache.compiler().escapeHTML(true).strictSections(false).defaultValue("").compile(template).execute(new ExperimentPage(result).context());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private Map<String, Object> context() {
        Map<String, Object> page = new HashMap<>();
        page.put("title", result.study().title());
        page.put("status", blank(result.study().status()));
        page.put("description", blank(result.study().description()));
        page.put("conditions", StudyText.conditions(result));
        page.put("sentences", StudyText.sentences(result));
        List<Method> headline = StudyText.headline(result);
        page.put("short", grid(headline));
        page.put("more", headline.size() < result.methods().size() ? grid(result.methods()) : null);
        page.put("ofMean", result.seeds().size() > 1 ? " of the seeds' mean number of right answers" : "");
        page.put("sweepName", result.study().heatMap().map(map -> map.merge()).orElse(""));
        page.put("maps", ExperimentPlots.sweep(result));
        page.put("changes", ExperimentPlots.changes(result));
        page.put("curves", result.curves().stream().filter(curve -> curve.losses().size() > 1).limit(24).map(ExperimentPlots::curve).toList());
        page.put("examples", ExperimentPlots.examples(result, headline));
        List<StudyFindings.Row> tests = StudyFindings.of(result);
        page.put("tests", tests.stream().map(ExperimentPage::test).toList());
        page.put("testsCount", tests.size());
        page.put("testsNote", StudyFindings.note(result));
        page.put("facts", facts());
        page.put("yaml", result.study().text());
        page.put("version", Version.NUMBER);
        return page;
    }

    private static String blank(String text) { return text.isEmpty() ? null : text; }

    private Map<String, Object> grid(List<Method> methods) {
        Map<String, Object> grid = new HashMap<>();
        grid.put("count", methods.size());
        grid.put("heads", result.evaluations().stream().map(each -> each.title().isEmpty() ? each.name() : each.title()).toList());
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Method method : methods) {
            Map<String, Object> row = new HashMap<>();
            row.put("name", method.name());
            row.put("hint", blank(method.title()));
            row.put("control", method.control());
            row.put("rowClass", method.control() ? " class=\"control-row\"" : "");
            row.put("cells", result.evaluations().stream().map(evaluation -> cell(method, evaluation, methods)).toList());
            rows.add(row);
        }
        grid.put("rows", rows);
        return grid;
    }

    private Map<String, Object> cell(Method method, StudyResult.Question evaluation, List<Method> among) {
        Map<String, Object> cell = new HashMap<>();
        cell.put("text", StudyText.cell(result, method, evaluation));
        cell.put("plot", null);
        double mean = result.mean(method, evaluation.name());
        if (Double.isNaN(mean)) {
            cell.put("tip", "");
            cell.put("cellClass", "");
            return cell;
        }
        var interval = StudyText.interval(result, method, evaluation);
        double best = among.stream().filter(each -> !each.control()).mapToDouble(each -> result.mean(each, evaluation.name())).max().orElse(2);
        cell.put("plot", Map.of("bar", number(BAR * mean), "low", number(BAR * interval.low()), "high", number(BAR * interval.high())));
        cell.put("tip", String.join(", ", result.rows(method).stream().map(row -> "seed " + row.seed() + ": " + row.outcomes().get(evaluation.name()).correct() + " of " + evaluation.total()).toList()) + "; 95 %: " + StudyText.around(result, method, evaluation));
        cell.put("cellClass", mean == best ? " class=\"best\"" : "");
        return cell;
    }

    private static Map<String, Object> test(StudyFindings.Row test) {
        Map<String, Object> row = new HashMap<>();
        row.put("evaluation", test.evaluation());
        row.put("method", test.method());
        row.put("reference", test.reference());
        row.put("difference", test.difference());
        row.put("interval", test.interval());
        row.put("counts", test.counts());
        row.put("p", test.p());
        row.put("holm", test.holm());
        row.put("style", test.stands() ? " class=\"best\"" : "");
        return row;
    }

    private List<Map<String, Object>> facts() {
        List<Map<String, Object>> facts = new ArrayList<>();
        fact(facts, "study", result.study().name());
        fact(facts, "seeds", result.seeds().toString());
        if (result.fraction() < 1) fact(facts, "fraction", String.format(Locale.ROOT, "%.4g of the steps and questions", result.fraction()));
        fact(facts, "steps", result.steps() + ", of which " + result.made() + " were made in this run");
        fact(facts, "time", Text.seconds(result.seconds()) + " in this run, " + Text.seconds(result.allSeconds()) + " for all steps when they were made");
        fact(facts, "written", LocalDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString().replace('T', ' '));
        fact(facts, "graft", Version.NUMBER);
        fact(facts, "Java", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
        fact(facts, "machine", System.getProperty("os.name") + " " + System.getProperty("os.arch") + ", " + processor() + Runtime.getRuntime().availableProcessors() + " processors");
        for (String warning : result.warnings()) fact(facts, "warning", warning);
        return facts;
    }

    private static String processor() {
        try (var lines = java.nio.file.Files.lines(java.nio.file.Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name")).findFirst().map(line -> line.substring(line.indexOf(':') + 1).strip() + ", ").orElse("");
        } catch (IOException elsewhere) {
            return "";
        }
    }

    private static void fact(List<Map<String, Object>> facts, String name, String value) { facts.add(Map.of("name", name, "value", value)); }

    private static String number(double value) { return String.format(Locale.ROOT, "%.1f", value); }
}
