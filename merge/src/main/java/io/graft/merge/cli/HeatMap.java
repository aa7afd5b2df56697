package io.graft.merge.cli;

import io.graft.merge.analysis.Comparison;
import io.graft.merge.analysis.ModelComparison;
import io.graft.merge.analysis.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * One measure of every layer (row) and module (column), with a row and a column that take all together. Drawn by
 * {@link HeatMapText} in a terminal and by {@link DiffPage} as SVG.
 *
 * @param title   what it shows
 * @param layers  the rows
 * @param columns the modules
 * @param heads   the columns' short names
 * @param cells   by row, then column, one more of each for the margins; NaN where a layer lacks a module
 * @param top     the value of the deepest colour: the largest cell, margins not counted; over 0
 * @param signed  whether values run from -1 to 1 (a cosine) instead of from 0 to {@code top}
 */
record HeatMap(String title, List<Integer> layers, List<String> columns, List<String> heads, double[][] cells, double top, boolean signed) {

    /**
     * The maps that show a comparison best: the change, or with a base the change of each model and how alike they are.
     *
     * @param found a comparison
     * @return one map or three
     */
    static List<HeatMap> of(ModelComparison found) {
        if (found.base().isEmpty()) {
            return List.of(of(found, "Change from A to B, in % of A's norm", Comparison::relative, Double.NaN, false));
        }
        HeatMap a = of(found, "Change from the base to A, in % of the base's norm", Comparison::firstRelative, Double.NaN, false);
        HeatMap b = of(found, "Change from the base to B, in % of the base's norm", Comparison::secondRelative, Double.NaN, false);
        double top = Math.max(a.top, b.top); // one scale for both, so that they can be compared
        return List.of(of(found, a.title, Comparison::firstRelative, top, false), of(found, b.title, Comparison::secondRelative, top, false),
                of(found, "Cosine of the two changes: 1 same way, 0 unrelated", Comparison::cosine, 1, true));
    }

    private static HeatMap of(ModelComparison found, String title, ToDoubleFunction<Comparison> measure, double top, boolean signed) {
        List<Integer> layers = found.layers();
        List<String> modules = found.modules();
        Map<Place, Comparison> sums = found.cells();
        double[][] cells = new double[layers.size() + 1][modules.size() + 1];
        double largest = 0;
        for (int row = 0; row < layers.size(); row++) {
            for (int column = 0; column < modules.size(); column++) {
                Comparison cell = sums.get(new Place(layers.get(row), modules.get(column)));
                cells[row][column] = cell == null ? Double.NaN : measure.applyAsDouble(cell);
                if (cells[row][column] > largest) largest = cells[row][column];
            }
            cells[row][modules.size()] = measure.applyAsDouble(found.layer(layers.get(row)));
        }
        Comparison all = Comparison.NONE;
        for (int column = 0; column < modules.size(); column++) {
            Comparison module = found.module(modules.get(column));
            all = all.plus(module);
            cells[layers.size()][column] = measure.applyAsDouble(module);
        }
        cells[layers.size()][modules.size()] = measure.applyAsDouble(all);
        return new HeatMap(title, layers, modules, new ArrayList<>(found.shortModules()), cells, Double.isNaN(top) ? largest > 0 ? largest : 1 : top, signed);
    }

    /**
     * How deep a cell's colour is.
     *
     * @param value of a cell
     * @return 0 to 1; of a signed map the magnitude
     */
    double depth(double value) { return Double.isNaN(value) ? 0 : Math.clamp(Math.abs(value) / top, 0, 1); }

    /**
     * A cell in at most five characters.
     *
     * @param value of a cell
     * @return per cent, or the cosine; {@code -} where there is none
     */
    String shortText(double value) {
        if (Double.isNaN(value)) return "-";
        if (signed) return String.format(java.util.Locale.ROOT, "%.2f", Math.round(value * 100) / 100.0);
        double percent = value * 100;
        if (percent == 0) return "0";
        if (percent < 0.005) return "<.01";
        return String.format(java.util.Locale.ROOT, percent < 0.995 ? "%.2f" : percent < 99.5 ? "%.1f" : "%.0f", percent);
    }
}
