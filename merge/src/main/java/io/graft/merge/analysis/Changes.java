package io.graft.merge.analysis;

import io.graft.merge.analysis.ChangeSweep.Visitor;
import io.graft.formats.model.ModelSource;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * What experts changed of their base, tensor by tensor, and how much of it they share.
 *
 * @param base      the base's name
 * @param experts   the experts' names
 * @param fractions the sizes of the sets of largest changes, ascending: of all values of a model; what equals the last of them is in too, what is not changed is not
 * @param tensors   what was measured of each tensor
 * @param left      why a tensor takes no part, a line each
 */
public record Changes(String base, List<String> experts, double[] fractions, List<TensorChanges> tensors, List<String> left) {

    /**
     * One tensor.
     *
     * @param name     its name
     * @param place    where it stands
     * @param shape    its sizes
     * @param experts  by expert
     * @param products by pair a &lt; b, in the order (0, 1), (0, 2), (1, 2), ...: Σ of the products of both changes
     * @param shared   by pair, then fraction: how many elements are among the largest changes of both
     */
    public record TensorChanges(String name, Place place, long[] shape, List<Sums> experts, double[] products, long[][] shared) {}

    /**
     * Sums over the elements of one or more tensors.
     *
     * @param elements  how many
     * @param absolute  Σ |change|
     * @param squares   Σ change²
     * @param reference Σ base²
     * @param top       by fraction: how many are among the model's largest changes
     * @param rows      of a matrix, how the change is spread over its rows; else null
     * @param columns   of a matrix, how it is spread over its columns; else null
     */
    public record Sums(long elements, double absolute, double squares, double reference, long[] top, Lines rows, Lines columns) {

        /**
         * Of both together.
         *
         * @param other of other tensors, for the same sets
         * @return the sums
         */
        public Sums plus(Sums other) {
            long[] sum = top.clone();
            for (int i = 0; i < sum.length; i++) sum[i] += other.top[i];
            return new Sums(elements + other.elements, absolute + other.absolute, squares + other.squares, reference + other.reference, sum, null, null);
        }

        /** {@return the mean absolute change} */
        public double mean() { return elements == 0 ? 0 : absolute / elements; }

        /** {@return the norm of the change over that of the base; NaN where the base is zero and the change is not} */
        public double relative() { return squares == 0 ? 0 : reference == 0 ? Double.NaN : Math.sqrt(squares / reference); }

        /**
         * The share of elements that are among the model's largest changes.
         *
         * @param fraction which set
         * @return 0 to 1; the fraction itself where changes are spread evenly
         */
        public double topShare(int fraction) { return elements == 0 ? 0 : (double) top[fraction] / elements; }
    }

    /**
     * How the change of a matrix is spread over its rows, or its columns.
     *
     * @param count     how many there are
     * @param strongest the one with the greatest norm, the first of equals
     * @param share     of Σ change² in the strongest tenth of them, at least one
     */
    public record Lines(int count, int strongest, double share) {

        static Lines of(double[] squares) {
            double all = 0;
            int strongest = 0;
            for (int i = 0; i < squares.length; i++) {
                all += squares[i];
                if (squares[i] > squares[strongest]) strongest = i;
            }
            double[] sorted = squares.clone();
            Arrays.sort(sorted);
            double some = 0;
            for (int i = 0; i < Math.max(1, sorted.length / 10); i++) some += sorted[sorted.length - 1 - i];
            return new Lines(squares.length, strongest, all == 0 ? Double.NaN : some / all);
        }
    }

    /**
     * Measures, in three walks over all models, in bounded memory.
     *
     * @param base      the base
     * @param experts   one or more
     * @param fractions sizes of the sets of largest changes, over 0, under 1
     * @param threads   how many compute
     * @param progress  is told elements, by any thread
     * @return what was found
     * @throws io.graft.engine.RequestException if the models have no tensor in common
     */
    public static Changes measure(ModelSource base, List<? extends ModelSource> experts, double[] fractions, int threads, LongConsumer progress) {
        double[] sets = Arrays.stream(fractions).sorted().distinct().toArray();
        ChangeSweep sweep = new ChangeSweep(base, experts, threads);
        TopChanges top = TopChanges.find(sweep, experts.size(), sets, progress);
        TensorChanges[] found = new TensorChanges[sweep.tuples.size()];
        sweep.run(tensor -> new Measure(sweep.tuples.get(tensor), top, experts.size(), sets.length) {
            @Override
            public void end() { found[tensor] = result(); }
        }, progress);
        return new Changes(base.name(), experts.stream().map(ModelSource::name).toList(), sets, List.of(found), List.copyOf(sweep.left));
    }

    /** {@return the place of a pair in {@link TensorChanges#products}} */
    static int pair(int a, int b) { return b * (b - 1) / 2 + a; }

    /**
     * What an expert changed of all tensors together.
     *
     * @param expert its number
     * @return the sums
     */
    public Sums total(int expert) { return tensors.stream().map(each -> each.experts().get(expert)).reduce(Sums::plus).orElseThrow(); }

    /**
     * The cosine of two experts' changes over some tensors.
     *
     * @param a    an expert
     * @param b    another
     * @param some which tensors
     * @return -1 to 1; NaN where one has not changed
     */
    public double cosine(int a, int b, List<TensorChanges> some) {
        double product = 0, first = 0, second = 0;
        for (TensorChanges each : some) {
            product += each.products()[pair(Math.min(a, b), Math.max(a, b))];
            first += each.experts().get(a).squares();
            second += each.experts().get(b).squares();
        }
        return first == 0 || second == 0 ? Double.NaN : Math.clamp(product / (Math.sqrt(first) * Math.sqrt(second)), -1, 1);
    }

    /**
     * How much two experts' largest changes are the same elements.
     *
     * @param a        an expert
     * @param b        another
     * @param fraction which sets
     * @return the overlap
     */
    public Overlap overlap(int a, int b, int fraction) { return Overlap.of(this, a, b, fraction, tensors); }

    /** One tensor's sums while it is walked over. */
    private abstract static class Measure implements Visitor {

        private final ChangeSweep.Tuple tuple;
        private final TopChanges top;
        private final int experts, sets, width;
        private final double[] absolute, squares, products;
        private final long[][] inside, shared;
        private final double[][] rows, columns;
        private final int[] levels;
        private double reference;

        Measure(ChangeSweep.Tuple tuple, TopChanges top, int experts, int sets) {
            this.tuple = tuple;
            this.top = top;
            this.experts = experts;
            this.sets = sets;
            int pairs = experts * (experts - 1) / 2;
            absolute = new double[experts];
            squares = new double[experts];
            products = new double[pairs];
            inside = new long[experts][sets + 1];
            shared = new long[pairs][sets + 1];
            levels = new int[experts];
            boolean matrix = tuple.base().shape().rank() == 2;
            width = matrix ? Math.toIntExact(tuple.base().shape().size(1)) : 0;
            rows = matrix ? new double[experts][Math.toIntExact(tuple.base().shape().size(0))] : null;
            columns = matrix ? new double[experts][width] : null;
        }

        @Override
        public void block(long first, int count, float[] base, float[][] changes) {
            for (int i = 0; i < count; i++) {
                reference += (double) base[i] * base[i];
                int row = width == 0 ? 0 : (int) ((first + i) / width), column = width == 0 ? 0 : (int) ((first + i) % width);
                for (int e = 0; e < experts; e++) {
                    double d = changes[e][i], square = d * d;
                    absolute[e] += Math.abs(d);
                    squares[e] += square;
                    if (rows != null) {
                        rows[e][row] += square;
                        columns[e][column] += square;
                    }
                    inside[e][levels[e] = top.level(e, changes[e][i])]++;
                    for (int other = 0; other < e; other++) {
                        products[pair(other, e)] += d * changes[other][i];
                        shared[pair(other, e)][Math.max(levels[other], levels[e])]++;
                    }
                }
            }
        }

        TensorChanges result() {
            List<Sums> sums = new java.util.ArrayList<>();
            for (int e = 0; e < experts; e++)
                sums.add(new Sums(tuple.elements(), absolute[e], squares[e], reference, grown(inside[e]), rows == null ? null : Lines.of(rows[e]), rows == null ? null : Lines.of(columns[e])));
            long[][] both = new long[shared.length][];
            for (int pair = 0; pair < both.length; pair++) both[pair] = grown(shared[pair]);
            return new TensorChanges(tuple.name(), tuple.place(), tuple.base().shape().toArray(), List.copyOf(sums), products, both);
        }

        /** The sets contain one another: counts by first set become counts by set. */
        private long[] grown(long[] first) {
            long[] all = Arrays.copyOf(first, sets);
            for (int i = 1; i < sets; i++) all[i] += all[i - 1];
            return all;
        }
    }
}
