package io.graft.formats.examples;

import io.graft.engine.RequestException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The endless order in which examples of one or more sources are learned: sources interleaved in the proportion of their weights,
 * each shuffled anew for every pass over it. A pure function of seed and place, so that a training that stopped goes on by
 * drawing as often as it had drawn.
 */
public final class ExampleOrder {

    private final List<List<Example>> sources;
    private final double[] weights;
    private final boolean shuffle;
    private final long seed;
    private final long[] drawn;
    private final int[][] orders;
    private Example waiting;
    private long total;

    /**
     * An order from its beginning.
     *
     * @param sources examples, at least one each
     * @param weights how often a source is drawn from, relative to the others; over 0
     * @param shuffle whether a pass over a source is in random order
     * @param seed    of that order
     * @throws RequestException if a weight is not over 0
     */
    public ExampleOrder(List<List<Example>> sources, double[] weights, boolean shuffle, long seed) {
        if (sources.isEmpty() || sources.size() != weights.length) throw new IllegalArgumentException(sources.size() + " sources and " + weights.length + " weights");
        for (double weight : weights)
            if (!(weight > 0) || Double.isInfinite(weight)) throw new RequestException("data", "weight", "over 0", weight);
        this.sources = List.copyOf(sources);
        this.weights = weights.clone();
        this.shuffle = shuffle;
        this.seed = seed;
        this.drawn = new long[weights.length];
        this.orders = new int[weights.length][];
    }

    /** {@return how many examples one pass over every source takes} */
    public long size() { return sources.stream().mapToLong(List::size).sum(); }

    /** {@return the next example} */
    public Example next() {
        if (waiting != null) {
            Example next = waiting;
            waiting = null;
            return next;
        }
        int source = 0;
        double sum = 0, most = Double.NEGATIVE_INFINITY;
        for (double weight : weights) sum += weight;
        for (int i = 0; i < weights.length; i++) {
            double owed = weights[i] / sum * (total + 1) - drawn[i];
            if (owed > most) {
                most = owed;
                source = i;
            }
        }
        total++;
        int size = sources.get(source).size(), place = (int) (drawn[source] % size);
        if (place == 0) orders[source] = order(source, drawn[source] / size, size);
        drawn[source]++;
        return sources.get(source).get(orders[source][place]);
    }

    /**
     * The examples of one row of a batch: one, or with packing as many of the next as fit.
     *
     * @param packing   whether to pack
     * @param maxLength the most tokens of a packed row
     * @return one example or more
     */
    public List<Example> row(boolean packing, int maxLength) {
        List<Example> row = new ArrayList<>(List.of(next()));
        int length = row.getFirst().ids().length;
        while (packing && length < maxLength) {
            Example next = next();
            if (length + next.ids().length > maxLength) {
                waiting = next;
                break;
            }
            row.add(next);
            length += next.ids().length;
        }
        return row;
    }

    private int[] order(int source, long pass, int size) {
        int[] order = new int[size];
        for (int i = 0; i < size; i++) order[i] = i;
        if (!shuffle) return order;
        SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + source * 0xC2B2AE3D27D4EB4FL + pass);
        for (int i = size - 1; i > 0; i--) {
            int j = random.nextInt(i + 1), other = order[i];
            order[i] = order[j];
            order[j] = other;
        }
        return order;
    }
}
