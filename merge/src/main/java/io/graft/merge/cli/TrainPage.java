package io.graft.merge.cli;

import com.samskivert.mustache.Mustache;
import io.graft.formats.files.AtomicFile;
import io.graft.merge.cli.CurvePlot.Point;
import io.graft.merge.train.TrainListener.Step;
import io.graft.merge.train.TrainListener.Validation;
import io.graft.merge.train.TrainOutline;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The curves of a training as one HTML file that loads itself again while it runs; no script, nothing from a network. */
final class TrainPage {

    /** Seconds between two states of the page. */
    static final int REFRESH = 5;

    private static final int WIDE = 960, NARROW = 470;

    private final Path file;
    private final String title;
    private final TrainOutline outline;
    private final List<Step> steps;
    private final List<Validation> validations;

    /**
     * A page.
     *
     * @param file        where
     * @param title       what is trained
     * @param outline     what it does
     * @param steps       those so far
     * @param validations those so far
     */
    TrainPage(Path file, String title, TrainOutline outline, List<Step> steps, List<Validation> validations) {
        this.file = file;
        this.title = title;
        this.outline = outline;
        this.steps = new ArrayList<>(steps);
        this.validations = new ArrayList<>(validations);
    }

    void add(Step step) { steps.add(step); }

    void add(Validation validation) { validations.add(validation); }

    /**
     * Writes it as things stand.
     *
     * @param running whether more will come
     * @param status  a sentence
     */
    void write(boolean running, String status) { AtomicFile.write(file, html(running, status).getBytes(StandardCharsets.UTF_8)); }

    String html(boolean running, String status) {
        Map<String, Object> context = new HashMap<>();
        context.put("title", title);
        context.put("status", status);
        context.put("running", running);
        context.put("refresh", REFRESH);
        context.put("done", steps.size());
        context.put("total", outline.steps());
        context.put("version", Version.NUMBER);
        context.put("facts", facts());
        context.put("plots", plots());
        try (Reader template = new InputStreamReader(TrainPage.class.getResourceAsStream("train.mustache"), StandardCharsets.UTF_8)) {
            return Mustache.compiler().escapeHTML(true).strictSections(true).compile(template).execute(context);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private List<Map<String, String>> facts() {
        List<Map<String, String>> facts = new ArrayList<>();
        facts.add(Map.of("name", "model", "value", outline.model()));
        facts.add(Map.of("name", "trained", "value", Text.count(outline.trained()) + " of " + Text.count(outline.parameters()) + " parameters"));
        facts.add(Map.of("name", "steps", "value", Text.count(steps.size()) + " of " + Text.count(outline.steps())));
        facts.add(Map.of("name", "tokens", "value", Text.count(steps.stream().mapToLong(Step::tokens).sum())));
        if (!steps.isEmpty()) facts.add(Map.of("name", "loss", "value", TrainReport.loss(steps.getFirst().loss()) + " at first, " + TrainReport.loss(steps.getLast().loss()) + " now"));
        if (!validations.isEmpty()) facts.add(Map.of("name", "validation loss", "value", TrainReport.loss(validations.getFirst().loss()) + " at first, " + TrainReport.loss(validations.getLast().loss()) + " now"));
        long skipped = steps.stream().filter(Step::skipped).count();
        if (skipped > 0) facts.add(Map.of("name", "left out", "value", Text.count(skipped) + " steps whose loss or gradient was not finite"));
        return facts;
    }

    private List<Map<String, Object>> plots() {
        List<Map<String, Object>> plots = new ArrayList<>();
        CurvePlot loss = new CurvePlot(WIDE, outline.steps());
        List<Point> losses = points(Step::loss);
        loss.line(losses, "faint");
        loss.line(CurvePlot.smooth(losses), "main");
        loss.marks(validations.stream().filter(each -> Double.isFinite(each.loss())).map(each -> new Point(each.step(), each.loss())).toList(), "other");
        Map<String, Object> context = loss.context("Loss", "wide", "The thin line is every step, the thick one their running mean.");
        List<Map<String, String>> keys = new ArrayList<>(List.of(Map.of("style", "main", "text", "training")));
        if (!validations.isEmpty()) keys.add(Map.of("style", "other", "text", "validation"));
        context.put("keys", keys);
        plots.add(context);
        plots.add(plot("Learning rate", Step::rate, false));
        plots.add(plot("Gradient norm before clipping", Step::norm, true));
        plots.add(plot("Tokens a second", Step::tokensPerSecond, true));
        return plots;
    }

    private Map<String, Object> plot(String name, ToDoubleFunction<Step> value, boolean smooth) {
        CurvePlot plot = new CurvePlot(NARROW, outline.steps());
        List<Point> points = points(value);
        plot.line(points, smooth ? "faint" : "main");
        if (smooth) plot.line(CurvePlot.smooth(points), "main");
        Map<String, Object> context = plot.context(name, "narrow", points.isEmpty() ? "nothing yet" : "now " + Text.number(points.getLast().value()));
        context.put("keys", List.of());
        return context;
    }

    private List<Point> points(ToDoubleFunction<Step> value) {
        return steps.stream().filter(each -> Double.isFinite(value.applyAsDouble(each))).map(each -> new Point(each.step(), value.applyAsDouble(each))).toList();
    }
}
