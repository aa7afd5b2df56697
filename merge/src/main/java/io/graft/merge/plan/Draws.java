package io.graft.merge.plan;

import io.graft.merge.plan.Operation.Part;
import io.graft.merge.plan.Operation.TaskVectors;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Deals the draws of one generator out to the random masks of a merge, as mergekit uses them up: tensors in the order of their
 * input names, within a tensor the models in the recipe's order, an element a draw; what is kept whole draws nothing.
 */
final class Draws {

    private Draws() {}

    /**
     * Gives each mask its first draw.
     *
     * @param tensors a plan's
     * @return the same in the same order, with first draws
     */
    static List<TensorPlan> deal(List<TensorPlan> tensors) {
        List<TensorPlan> order = new ArrayList<>(tensors);
        order.removeIf(tensor -> !(tensor.operation() instanceof TaskVectors));
        order.sort(Comparator.comparing((TensorPlan tensor) -> ((TaskVectors) tensor.operation()).base().name(), Planner::byCodePoint).thenComparing(TensorPlan::name, Planner::byCodePoint));
        Map<String, TensorPlan> dealt = new HashMap<>();
        long next = 0;
        for (TensorPlan tensor : order) {
            TaskVectors task = (TaskVectors) tensor.operation();
            List<Part> parts = new ArrayList<>();
            for (Part part : task.parts()) {
                if (part.keep() instanceof Keep.Random random) {
                    parts.add(new Part(part.tensor(), part.weight(), new Keep.Random(random.density(), random.seed(), next), part.rescale()));
                    next += tensor.shape().elements();
                } else {
                    parts.add(part);
                }
            }
            dealt.put(tensor.name(), new TensorPlan(tensor.name(), tensor.dtype(), tensor.shape(), new TaskVectors(task.method(), task.base(), List.copyOf(parts), task.consensus(), task.normalize(), task.lambda())));
        }
        return tensors.stream().map(tensor -> dealt.getOrDefault(tensor.name(), tensor)).toList();
    }
}
