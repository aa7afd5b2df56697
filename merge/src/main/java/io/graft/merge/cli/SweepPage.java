package io.graft.merge.cli;

import com.samskivert.mustache.Mustache;
import io.graft.merge.search.Sweep.Result;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A sweep as one HTML page: a heat map of the score and of every set, and the best candidates. Light and dark, no script, nothing from a network. */
final class SweepPage {

    private static final int CELL = 46, HEIGHT = 26, LEFT = 34, TOP = 22, ROWS = 100;
    /** From here on the colour wants light letters. */
    private static final double DEEP = 0.55;

    private SweepPage() {}

    /**
     * Writes the page.
     *
     * @param results best first
     * @return HTML
     */
    static String of(List<Result> results) {
        List<String> sets = List.copyOf(results.getFirst().verdict().accuracies().sequencedKeySet());
        List<Map<String, Object>> maps = new ArrayList<>();
        maps.add(map("score: the mean of all sets", SweepMap.of(results)));
        for (String set : sets) maps.add(map(set, SweepMap.of(results, each -> each.verdict().accuracies().get(set))));
        List<Object> rows = new ArrayList<>();
        for (Result each : results.subList(0, Math.min(ROWS, results.size()))) {
            List<String> cells = new ArrayList<>(List.of(Integer.toString(each.candidate().bottom()), Integer.toString(each.candidate().top()), Integer.toString(each.candidate().transition()),
                    each.candidate().embeddings().word(), each.candidate().head().word(), Text.percent(each.verdict().score())));
            for (String set : sets) cells.add(Text.percent(each.verdict().accuracies().get(set)));
            rows.add(Map.of("cells", cells));
        }
        List<String> heads = new ArrayList<>(List.of("bottom", "top", "transition", "embeddings", "lm_head", "score"));
        heads.addAll(sets);
        Map<String, Object> page = new HashMap<>();
        page.put("count", results.size());
        page.put("maps", maps);
        page.put("heads", heads);
        page.put("rows", rows);
        page.put("shown", rows.size());
        try (Reader template = new InputStreamReader(SweepPage.class.getResourceAsStream("sweep.mustache"), StandardCharsets.UTF_8)) {
            return Mustache.compiler().escapeHTML(true).strictSections(true).compile(template).execute(page);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static Map<String, Object> map(String title, SweepMap map) {
        List<Object> cells = new ArrayList<>(), labels = new ArrayList<>();
        for (int column = 0; column < map.tops().size(); column++) labels.add(label(LEFT + column * CELL + CELL / 2, TOP - 7, map.tops().get(column)));
        for (int row = 0; row < map.bottoms().size(); row++) {
            labels.add(label(LEFT / 2, TOP + row * HEIGHT + HEIGHT / 2 + 4, map.bottoms().get(row)));
            for (int column = 0; column < map.tops().size(); column++) {
                double value = map.best()[row][column];
                if (Double.isNaN(value)) continue;
                double depth = map.depth(value);
                cells.add(Map.of("x", LEFT + column * CELL, "y", TOP + row * HEIGHT, "t", String.format(Locale.ROOT, "%.3f", depth), "deep", depth > DEEP ? " deep" : "", "cx", LEFT + column * CELL + CELL / 2 - 1, "cy",
                        TOP + row * HEIGHT + HEIGHT / 2 + 4, "text", String.format(Locale.ROOT, "%.0f", 100 * value), "title", "bottom " + map.bottoms().get(row) + ", top " + map.tops().get(column) + ": " + Text.percent(value)));
            }
        }
        return Map.of("title", title, "cells", cells, "labels", labels, "width", LEFT + map.tops().size() * CELL, "height", TOP + map.bottoms().size() * HEIGHT, "w", CELL - 2, "h", HEIGHT - 2);
    }

    private static Map<String, Object> label(int x, int y, int text) { return Map.of("x", x, "y", y, "text", text); }
}
