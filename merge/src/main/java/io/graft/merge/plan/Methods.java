package io.graft.merge.plan;

import io.graft.engine.memory.DType;
import io.graft.formats.model.SourceTensor;
import io.graft.merge.plan.Draft.Use;
import io.graft.merge.plan.Operation.Term;
import io.graft.merge.recipe.Recipe;
import java.util.ArrayList;
import java.util.List;

/** Turns a draft into a tensor's plan: the method's operation with every parameter resolved, and the output's dtype. */
final class Methods {

    private final Recipe recipe;
    private final Findings findings;
    private final Shapes shapes;

    Methods(Recipe recipe, Findings findings, Shapes shapes) {
        this.recipe = recipe;
        this.findings = findings;
        this.shapes = shapes;
    }

    /** The plan of one tensor; null where findings say why there is none. */
    TensorPlan plan(Draft draft, Trace trace) {
        SourceTensor first = draft.uses().get(Math.max(0, draft.base())).tensor();
        if (Role.isBuffer(draft.name(), first.dtype())) return new TensorPlan(draft.name(), first.dtype(), first.shape(), new Operation.Copy(first));
        Draft even = shapes.even(draft);
        if (even == null) return null;
        Operation operation = operation(even, new Parameters(recipe, findings, trace));
        if (operation == null) return null;
        DType dtype = dtype(even);
        for (Use use : even.uses()) {
            DType own = use.tensor().dtype();
            if (!own.isComputable() && !(operation instanceof Operation.Copy && own == dtype)) {
                findings.add("dtype " + own, use.input() + ": " + use.name(), "cannot be computed with", "F32, BF16 or F16", own, own == DType.F64 ? null : "this looks like a quantised model; merge the one it was made from");
                return null;
            }
        }
        return new TensorPlan(draft.name(), dtype, even.uses().getFirst().tensor().shape(), operation);
    }

    private DType dtype(Draft draft) {
        if (recipe.outputDtype().isPresent()) return recipe.outputDtype().get();
        boolean taskVectors = recipe.method().base() == io.graft.merge.recipe.MethodSpec.Base.REQUIRED;
        return taskVectors ? draft.uses().get(draft.base()).tensor().dtype() : Dtypes.widest(draft.uses().stream().map(Use::tensor).toList());
    }

    private Operation operation(Draft draft, Parameters parameters) {
        return switch (recipe.method().name()) {
            case "linear" -> linear(draft, parameters);
            case "slerp" -> slerp(draft, parameters);
            case "task_arithmetic" -> taskArithmetic(draft, parameters);
            case "passthrough" -> passthrough(draft, parameters);
            case "ties", "dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties" -> new Sparsity(recipe, findings).operation(draft, parameters);
            default -> throw new IllegalStateException("no operation for " + recipe.method().name());
        };
    }

    private Operation linear(Draft draft, Parameters parameters) {
        boolean normalize = parameters.truth(draft, "normalize");
        List<Term> terms = new ArrayList<>();
        float sum = 0;
        for (Use use : draft.uses()) {
            Term term = new Term(use.tensor(), (float) parameters.number(draft, use, "weight"));
            terms.add(term);
            sum += term.weight();
        }
        if (normalize && sum == 0 && findings.isEmpty()) {
            findings.add("sum", draft.slice().mark().toString(), "the sum of the weights is zero for " + draft.name() + ", and linear divides by it", "another sum", "0", "normalize: false does not divide");
            return null;
        }
        return new Operation.Linear(List.copyOf(terms), normalize);
    }

    private static Operation slerp(Draft draft, Parameters parameters) {
        SourceTensor base = draft.uses().get(draft.base()).tensor(), other = draft.uses().get(1 - draft.base()).tensor();
        double t = parameters.number(draft, "t");
        return t == 0 ? new Operation.Copy(base) : t == 1 ? new Operation.Copy(other) : new Operation.Slerp(base, other, t);
    }

    private static Operation taskArithmetic(Draft draft, Parameters parameters) {
        List<Term> terms = new ArrayList<>();
        for (int i = 0; i < draft.uses().size(); i++) {
            if (i != draft.base()) terms.add(new Term(draft.uses().get(i).tensor(), (float) parameters.number(draft, draft.uses().get(i), "weight")));
        }
        return new Operation.TaskArithmetic(draft.uses().get(draft.base()).tensor(), List.copyOf(terms), parameters.truth(draft, "normalize"), (float) parameters.number(draft, "lambda"));
    }

    private static Operation passthrough(Draft draft, Parameters parameters) {
        Use use = draft.uses().getFirst();
        double scale = parameters.number(draft, use, "scale");
        return Double.isNaN(scale) || scale == 1 ? new Operation.Copy(use.tensor()) : new Operation.Scale(use.tensor(), (float) scale);
    }
}
