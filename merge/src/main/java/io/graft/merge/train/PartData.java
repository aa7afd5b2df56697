package io.graft.merge.train;

import io.graft.engine.train.TrainBatch;
import io.graft.formats.examples.Example;
import io.graft.formats.examples.ExampleOrder;
import java.util.ArrayList;
import java.util.List;

/** What one part learns, step by step: a pure function of the configuration and of how many steps have been drawn. */
final class PartData {

    private final TrainConfig config;
    private final List<List<Example>> sources;
    private final double[] weights;
    private final long seed;
    private final ExampleOrder order;
    private long drawn;

    /**
     * @param sources examples of every file
     * @param weights their weights; 0 for as many as there are examples
     * @param seed    of the order
     */
    PartData(TrainConfig config, List<List<Example>> sources, double[] weights, long seed) {
        this.config = config;
        this.sources = sources;
        this.weights = weights.clone();
        this.seed = seed;
        for (int i = 0; i < weights.length; i++) if (weights[i] == 0) this.weights[i] = sources.get(i).size();
        this.order = fresh();
    }

    private ExampleOrder fresh() { return new ExampleOrder(sources, weights, config.shuffle(), seed); }

    /** The micro-batches of the next step. */
    List<TrainBatch> next() {
        List<TrainBatch> batches = new ArrayList<>();
        for (int i = 0; i < config.gradientAccumulation(); i++) {
            TrainBatch batch = new TrainBatch();
            for (int row = 0; row < config.batchSize(); row++)
                for (Example each : row(order)) batch.add(each.ids(), each.labels());
            batches.add(batch);
        }
        return batches;
    }

    private List<Example> row(ExampleOrder from) {
        List<Example> row = from.row(config.packing(), config.maxLength());
        if (from == order) drawn += row.size();
        return row;
    }

    /** Passes over steps that have been taken. */
    void skip(int steps) {
        for (long i = 0; i < (long) steps * config.rowsPerStep(); i++) row(order);
    }

    /** Passes over the data so far. */
    double epoch() { return drawn / (double) order.size(); }

    /** Steps that some passes take; the last may begin the next pass. */
    int steps(double epochs) {
        long wanted = (long) Math.ceil(epochs * order.size()), rows = 0;
        ExampleOrder all = fresh();
        if (config.packing()) for (long examples = 0; examples < wanted; rows++) examples += row(all).size();
        else rows = wanted;
        return (int) Math.min(Integer.MAX_VALUE, Math.max(1, (rows + config.rowsPerStep() - 1) / config.rowsPerStep()));
    }

    /** Mean number of tokens of a step, as far as one pass tells. */
    double tokensPerStep() {
        long tokens = 0, rows = 0;
        ExampleOrder all = fresh();
        for (long examples = 0; examples < order.size(); rows++) {
            List<Example> row = row(all);
            examples += row.size();
            for (Example each : row) tokens += each.ids().length;
        }
        return tokens / (double) rows * config.rowsPerStep();
    }
}
