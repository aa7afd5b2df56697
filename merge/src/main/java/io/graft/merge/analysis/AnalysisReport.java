package io.graft.merge.analysis;

import java.util.List;

/**
 * All that was found of experts and their base.
 *
 * @param changes    what was changed, and where
 * @param pairs      which experts are compared
 * @param rollback   a measure while the smallest changes are reverted; empty without data
 * @param along      a measure along each task vector; empty without data
 * @param additivity whether task vectors add up in the layers' outputs, for the pairs of different experts; empty without data
 */
public record AnalysisReport(Changes changes, List<Pair> pairs, List<Curve> rollback, List<Curve> along, List<Additivity> additivity) {

    /**
     * Two experts that are compared.
     *
     * @param a    the place of one among the experts
     * @param b    the place of the other
     * @param same whether they are two runs of the same training (other seeds), the measure of what different ones share
     */
    public record Pair(int a, int b, boolean same) {}
}
