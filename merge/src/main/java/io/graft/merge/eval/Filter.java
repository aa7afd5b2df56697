package io.graft.merge.eval;

import java.util.function.BiPredicate;
import java.util.function.UnaryOperator;

/**
 * One way to find the answer in what a model wrote, and to judge it. A task has one or more; each is a metric.
 *
 * @param name    of the metric
 * @param extract from the output to the answer found
 * @param right   whether an answer found, the first argument, is the right one, the second
 */
public record Filter(String name, UnaryOperator<String> extract, BiPredicate<String, String> right) {

    /** {@return the last number of the output, equal as a number: none of the harness's quirks} */
    public static Filter numeric() { return new Filter("numeric", Extraction::lastNumber, Extraction::numericMatch); }
}
