package io.graft.merge.analysis;

import io.graft.formats.model.ModelSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;

/**
 * A measure along a line of models.
 *
 * @param expert whose changes the line follows
 * @param data   what was measured on
 * @param x      the places
 * @param y      the measure at each
 */
public record Curve(String expert, String data, double[] x, double[] y) {

    /**
     * Rolls an expert back: reverts its smallest changes to the base.
     *
     * @param base    the base
     * @param expert  the expert
     * @param shares  of the changes that are reverted, 0 to 1
     * @param pooled  whether all tensors' changes compete, not each tensor's own
     * @param data    a name for what is measured on
     * @param measure what is measured
     * @return the curve, by share
     */
    public static Curve rollback(ModelSource base, ModelSource expert, double[] shares, boolean pooled, String data, Measure measure) {
        return of(expert.name(), data, shares, share -> Mixtures.rollback(base, expert, 1 - share, pooled), measure);
    }

    /**
     * Follows an expert's task vector: base + a · (expert − base).
     *
     * @param base    the base
     * @param expert  the expert
     * @param factors the a
     * @param data    a name for what is measured on
     * @param measure what is measured
     * @return the curve, by factor
     */
    public static Curve along(ModelSource base, ModelSource expert, double[] factors, String data, Measure measure) {
        return of(expert.name(), data, factors, factor -> Mixtures.along(base, List.of(expert), factor), measure);
    }

    private static Curve of(String expert, String data, double[] places, DoubleFunction<ModelSource> models, Measure measure) {
        List<Double> heights = new ArrayList<>();
        for (double place : places) heights.add(measure.of(models.apply(place)));
        return new Curve(expert, data, places.clone(), heights.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** {@return the greatest distance from the chord between the first and the last point, over the chord's rise; 0 is a straight line, NaN where it does not rise} */
    public double bend() {
        int last = x.length - 1;
        double rise = y[last] - y[0], most = 0;
        for (int i = 0; i <= last; i++) most = Math.max(most, Math.abs(y[i] - (y[0] + rise * (x[i] - x[0]) / (x[last] - x[0]))));
        return rise == 0 ? Double.NaN : most / Math.abs(rise);
    }
}
