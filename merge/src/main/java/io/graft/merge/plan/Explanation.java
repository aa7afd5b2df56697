package io.graft.merge.plan;

import java.util.List;

/**
 * Why an output tensor is what it is.
 *
 * @param tensor     its plan
 * @param inputs     the input tensors as {@code model: name}, in the order of the operation
 * @param parameters its effective parameters
 */
public record Explanation(TensorPlan tensor, List<String> inputs, List<Fact> parameters) {

    /**
     * One effective parameter.
     *
     * @param name  the parameter
     * @param model the model whose it is; empty if it is the method's
     * @param value what it came to; NaN where it is no number
     * @param from  the level that gave it: model, slice, recipe, default
     * @param where the recipe's line and column; empty for a default
     * @param how   how it came about: a gradient's place, the filter that matched, a rule; empty for a plain number
     */
    public record Fact(String name, String model, double value, String from, String where, String how) {}
}
