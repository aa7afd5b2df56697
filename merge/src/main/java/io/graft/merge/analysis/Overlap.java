package io.graft.merge.analysis;

import io.graft.merge.analysis.Changes.TensorChanges;
import java.util.List;

/**
 * How much the largest changes of two experts are the same parameters: the Jaccard index, against chance.
 *
 * @param fraction size of the sets, of all changes
 * @param first    size of the first expert's set, in the tensors looked at
 * @param second   size of the second's
 * @param both     elements in both sets
 * @param chance   what the index would be of sets of these sizes drawn from all elements
 * @param byTensor what it would be of sets drawn tensor by tensor, as many in each as there are: large changes crowd in
 *                 the same tensors whatever is learned, and this takes that out
 */
public record Overlap(double fraction, long first, long second, long both, double chance, double byTensor) {

    static Overlap of(Changes changes, int a, int b, int fraction, List<TensorChanges> tensors) {
        long elements = 0, first = 0, second = 0, both = 0;
        double expected = 0;
        for (TensorChanges tensor : tensors) {
            long n = tensor.experts().get(a).elements(), x = tensor.experts().get(a).top()[fraction], y = tensor.experts().get(b).top()[fraction];
            elements += n;
            first += x;
            second += y;
            both += tensor.shared()[Changes.pair(Math.min(a, b), Math.max(a, b))][fraction];
            if (n > 0) expected += (double) x / n * y;
        }
        double even = elements == 0 ? 0 : (double) first / elements * second;
        return new Overlap(changes.fractions()[fraction], first, second, both, index(even, first, second), index(expected, first, second));
    }

    private static double index(double both, long first, long second) { return first + second == 0 ? Double.NaN : both / (first + second - both); }

    /** {@return elements in both sets over elements in one or both; NaN where there are none} */
    public double jaccard() { return index(both, first, second); }
}
