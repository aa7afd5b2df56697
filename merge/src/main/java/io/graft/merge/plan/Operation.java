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

    /** What works on task vectors of which some elements are kept: {@code d = x − base}; it needs passes over the whole tensor first. */
    sealed interface Sparse extends Operation permits TaskVectors, Rollback {

        /** {@return the base model's tensor} */
        SourceTensor base();

        /** {@return the task vectors, in order} */
        List<Part> parts();

        @Override
        default List<SourceTensor> inputs() {
            var all = new java.util.ArrayList<SourceTensor>(parts().size() + 1);
            all.add(base());
            for (Part part : parts()) all.add(part.tensor());
            return List.copyOf(all);
        }
    }

    /**
     * One task vector.
     *
     * @param tensor  the expert's tensor
     * @param weight  its weight, already rounded to F32
     * @param keep    which of its elements stay
     * @param rescale whether the kept ones are scaled to the L1 norm that all had: by Σ|d| / Σ|kept d|, or 1 where a sum is below 1e-7
     */
    record Part(SourceTensor tensor, float weight, Keep keep, boolean rescale) {}

    /**
     * {@code base + lambda · Σ p}, {@code p = w · kept d}, the sum divided by {@code Σ w} if normalized. With consensus the sign of
     * {@code Σ p} is elected (zero is plus), only the p with that sign are added, and only their weights; a sum of weights of 0 divides by 1.
     *
     * @param method    its name in recipes
     * @param base      the base model's tensor
     * @param parts     the experts, in the recipe's order
     * @param consensus whether a sign is elected
     * @param normalize whether to divide by the sum of weights
     * @param lambda    factor on the mixed task vector
     */
    record TaskVectors(String method, SourceTensor base, List<Part> parts, boolean consensus, boolean normalize, float lambda) implements Sparse {}

    /**
     * The expert where its change is among the largest, the base elsewhere, each with its own bits.
     *
     * @param base   the base model's tensor
     * @param expert the expert's
     * @param keep   how many changes stay: of this tensor, or of all pooled tensors of the plan together
     * @param pooled whether the tensors of the plan compete, in the order of their names
     */
    record Rollback(SourceTensor base, SourceTensor expert, long keep, boolean pooled) implements Sparse {
        @Override
        public List<Part> parts() { return List.of(new Part(expert, 1, new Keep.Largest(keep, 0), false)); }
    }
}
