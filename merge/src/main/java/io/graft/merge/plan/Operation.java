package io.graft.merge.plan;

import io.graft.formats.model.SourceTensor;
import java.util.List;

/**
 * How one output tensor is computed from input tensors, every parameter resolved. All arithmetic is F32: every product and
 * sum rounded (no fused multiply-add), in the order written here, then rounded once to the output's dtype, nearest even.
 */
public sealed interface Operation {

    /**
     * One input and its weight.
     *
     * @param tensor the input
     * @param weight its weight, already rounded to F32
     */
    record Term(SourceTensor tensor, float weight) {}

    /** {@return the tensors it reads, each once} */
    List<SourceTensor> inputs();

    /**
     * The tensor as it is: its bytes where the dtypes agree, else widened and rounded.
     *
     * @param from the input
     */
    record Copy(SourceTensor from) implements Operation {
        @Override
        public List<SourceTensor> inputs() { return List.of(from); }
    }

    /**
     * {@code from * factor}.
     *
     * @param from   the input
     * @param factor passthrough's scale
     */
    record Scale(SourceTensor from, float factor) implements Operation {
        @Override
        public List<SourceTensor> inputs() { return List.of(from); }
    }

    /**
     * {@code Σ w·x}, divided by {@code Σ w} if normalized; both sums in the order of the terms.
     *
     * @param terms     the inputs, one or more
     * @param normalize whether to divide
     */
    record Linear(List<Term> terms, boolean normalize) implements Operation {
        @Override
        public List<SourceTensor> inputs() { return terms.stream().map(Term::tensor).toList(); }
    }

    /**
     * {@code base + lambda · Σ w·(x − base)}, the sum divided by {@code Σ w} if normalized (0 counts as 1).
     *
     * @param base      the base model's tensor
     * @param terms     the experts, in the recipe's order
     * @param normalize whether to divide by the sum of weights
     * @param lambda    factor on the mixed task vector
     */
    record TaskArithmetic(SourceTensor base, List<Term> terms, boolean normalize, float lambda) implements Operation {
        @Override
        public List<SourceTensor> inputs() {
            var all = new java.util.ArrayList<SourceTensor>(terms.size() + 1);
            all.add(base);
            for (Term term : terms) all.add(term.tensor());
            return List.copyOf(all);
        }
    }

    /**
     * Spherical interpolation of whole tensors from {@code base} (t = 0) to {@code other} (t = 1): two passes, the first for
     * the norms and the dot product in F64.
     *
     * @param base  where t = 0
     * @param other where t = 1
     * @param t     the place between them
     */
    record Slerp(SourceTensor base, SourceTensor other, double t) implements Operation {
        @Override
        public List<SourceTensor> inputs() { return List.of(base, other); }
    }

    /**
     * Layer-swap's blend {@code share·language + (1 − share)·task}.
     *
     * @param language the language expert's tensor
     * @param task     the math expert's tensor
     * @param share    of the language expert, strictly between 0 and 1
     */
    record Blend(SourceTensor language, SourceTensor task, double share) implements Operation {
        @Override
        public List<SourceTensor> inputs() { return List.of(language, task); }
    }

    /**
     * {@code language + task − base}: both task vectors upon the base.
     *
     * @param language the language expert's tensor
     * @param task     the math expert's tensor
     * @param base     the base model's tensor
     */
    record Sum(SourceTensor language, SourceTensor task, SourceTensor base) implements Operation {
        @Override
        public List<SourceTensor> inputs() { return List.of(language, task, base); }
    }
}
