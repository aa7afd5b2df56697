package io.graft.merge.plan;

import io.graft.formats.model.SourceTensor;
import io.graft.merge.plan.Draft.Use;
import io.graft.merge.plan.Operation.Part;
import io.graft.merge.recipe.Recipe;
import java.util.ArrayList;
import java.util.List;

/** Plans the methods that keep some elements of task vectors: ties, dare and breadcrumbs, with and without an election of signs. */
final class Sparsity {

    private final Recipe recipe;
    private final Findings findings;

    Sparsity(Recipe recipe, Findings findings) {
        this.recipe = recipe;
        this.findings = findings;
    }

    Operation operation(Draft draft, Parameters parameters) {
        String method = recipe.method().name();
        SourceTensor base = draft.uses().get(draft.base()).tensor();
        boolean rescale = parameters.truth(draft, "rescale");
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < draft.uses().size(); i++) {
            if (i == draft.base()) continue;
            Use use = draft.uses().get(i);
            float weight = (float) parameters.number(draft, use, "weight");
            parts.add(new Part(use.tensor(), weight, keep(draft, use, parameters, base.shape().elements()), rescale));
        }
        boolean consensus = method.equals("ties") || method.endsWith("_ties");
        return new Operation.TaskVectors(method, base, List.copyOf(parts), consensus, parameters.truth(draft, "normalize"), (float) parameters.number(draft, "lambda"));
    }

    private Keep keep(Draft draft, Use use, Parameters parameters, long elements) {
        double density = parameters.number(draft, use, "density");
        if (density < 0) findings.add("density " + use.input(), use.source().mark().toString(), "density is below zero, for " + draft.name(), "0 to 1", density, "it is the share of a task vector's elements that stay");
        boolean breadcrumbs = recipe.method().name().startsWith("breadcrumbs");
        double gamma = breadcrumbs ? parameters.number(draft, use, "gamma") : 0;
        if (gamma < 0 || gamma > 1) findings.add("gamma " + use.input(), use.source().mark().toString(), "gamma is no share, for " + draft.name(), "0 to 1", gamma, "it is the share of the largest elements that go");
        if (density >= 1) return Keep.ALL;
        if (recipe.method().name().startsWith("dare")) return new Keep.Random((float) density, recipe.seed(), 0);
        long keep = density <= 0 ? 0 : Math.max(1, (long) (density * elements));
        if (!breadcrumbs) return new Keep.Largest(keep, 0);
        // Of the ascending ranks [below, elements - above) are kept; where the three shares are more than all, fewer large ones go.
        long above = (long) (Math.clamp(gamma, 0, 1) * elements), below = elements - keep - above;
        if (below < 0) {
            above += below;
            below = 0;
        }
        return new Keep.Largest(elements - below, above);
    }
}
