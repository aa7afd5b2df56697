package io.graft.merge.analysis;

import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.formats.model.BorrowedModel;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.Operation.Term;
import io.graft.merge.plan.Operation;
import io.graft.merge.plan.Planner;
import io.graft.merge.plan.TensorPlan;
import io.graft.merge.run.VirtualMerge;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Models between a base and its experts, which are never written: the points of curves. Their inputs stay open when they are
 * closed. What an expert has and the base has not, in the same shape, is the (first) expert's.
 */
public final class Mixtures {

    private Mixtures() {}

    /**
     * An expert without its smallest changes.
     *
     * @param base   the base
     * @param expert the expert
     * @param keep   the share of the changes that stay, the largest, 0 to 1: trunc(keep · N) of N
     * @param pooled whether N counts all tensors together, not each alone
     * @return the model; close it
     */
    public static ModelSource rollback(ModelSource base, ModelSource expert, double keep, boolean pooled) {
        long pool = 0;
        for (SourceTensor tensor : expert.tensors().values()) if (isShared(base, tensor)) pool += tensor.shape().elements();
        List<TensorPlan> tensors = new ArrayList<>();
        for (SourceTensor tensor : expert.tensors().values()) {
            long all = pooled ? pool : tensor.shape().elements(), most = (long) (keep * all);
            SourceTensor start = base.tensors().get(tensor.name());
            Operation operation = !isShared(base, tensor) || most >= all ? new Operation.Copy(tensor) : most == 0 ? new Operation.Copy(start) : new Operation.Rollback(start, tensor, most, pooled);
            tensors.add(new TensorPlan(tensor.name(), tensor.dtype(), tensor.shape(), operation));
        }
        return merge("rollback", base, List.of(expert), tensors);
    }

    /**
     * The base and multiples of its experts' changes: base + Σ a · (expert − base), in F32.
     *
     * @param base    the base
     * @param experts one or more
     * @param factors one for each, finite
     * @return the model; close it
     */
    public static ModelSource along(ModelSource base, List<? extends ModelSource> experts, double... factors) {
        if (factors.length != experts.size() || experts.isEmpty()) throw new IllegalArgumentException(factors.length + " factors for " + experts.size() + " experts");
        List<TensorPlan> tensors = new ArrayList<>();
        for (SourceTensor tensor : experts.getFirst().tensors().values()) {
            List<Term> terms = new ArrayList<>();
            for (int i = 0; i < factors.length; i++) {
                SourceTensor other = experts.get(i).tensors().get(tensor.name());
                if (other == null || !other.shape().equals(tensor.shape())) throw new RequestException(experts.get(i).name() + ": " + tensor.name(), "the experts have not the same tensors", tensor.shape(), other == null ? "nothing" : other.shape());
                if (factors[i] != 0) terms.add(new Term(other, (float) factors[i]));
            }
            boolean shared = isShared(base, tensor);
            SourceTensor start = base.tensors().get(tensor.name());
            // The expert itself, bit for bit: base + (expert - base) is rounded twice.
            boolean whole = terms.size() == 1 && terms.getFirst().weight() == 1;
            Operation operation = !shared ? new Operation.Copy(tensor) : terms.isEmpty() ? new Operation.Copy(start) : whole ? new Operation.Copy(terms.getFirst().tensor())
                    : new Operation.TaskArithmetic(start, List.copyOf(terms), false, 1);
            DType dtype = operation instanceof Operation.Copy copy ? copy.from().dtype() : DType.F32;
            tensors.add(new TensorPlan(tensor.name(), dtype, tensor.shape(), operation));
        }
        return merge("task_arithmetic", base, experts, tensors);
    }

    private static boolean isShared(ModelSource base, SourceTensor tensor) {
        SourceTensor start = base.tensors().get(tensor.name());
        return start != null && start.shape().equals(tensor.shape()) && start.dtype().isComputable() && tensor.dtype().isComputable();
    }

    private static ModelSource merge(String method, ModelSource base, List<? extends ModelSource> experts, List<TensorPlan> tensors) {
        List<ModelSource> inputs = new ArrayList<>(List.of(new BorrowedModel(base)));
        for (ModelSource expert : experts) inputs.add(new BorrowedModel(expert));
        ModelSource first = experts.getFirst();
        tensors.sort(Comparator.comparing(TensorPlan::name, Planner::byCodePoint));
        return new VirtualMerge(method + " of " + first.name(), new MergePlan(method, inputs, List.copyOf(tensors), first.config(), first.folder(), Map.of(), "", List.of(), first.sideFiles(), false));
    }
}
