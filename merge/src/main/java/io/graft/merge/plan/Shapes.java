package io.graft.merge.plan;

import io.graft.formats.model.SourceTensor;
import io.graft.merge.plan.Draft.Use;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * Makes the inputs of a tensor equal in shape, or says why they are not. Only embeddings and heads may differ, in their rows:
 * they are cut to the base's where the method has one, else to the common rows, and the config's vocabulary follows.
 */
final class Shapes {

    private final Findings findings;
    private long vocabulary;

    Shapes(Findings findings) { this.findings = findings; }

    /** The output's vocabulary, where embeddings were cut. */
    OptionalLong cutVocabulary() { return vocabulary == 0 ? OptionalLong.empty() : OptionalLong.of(vocabulary); }

    /** The draft with inputs of one shape; null where they cannot be. */
    Draft even(Draft draft) {
        List<Use> uses = draft.uses();
        Use first = uses.get(Math.max(0, draft.base()));
        Use odd = uses.stream().filter(use -> !use.tensor().shape().equals(first.tensor().shape())).findFirst().orElse(null);
        if (odd == null) return draft;
        boolean ofTokens = (draft.role() == Role.EMBEDDINGS || draft.role() == Role.LM_HEAD) && Input.isOfTokens(draft.name());
        if (!ofTokens || uses.stream().anyMatch(use -> !differsInRowsOnly(use.tensor(), first.tensor()) || use.tensor().shape().size(0) != use.input().rows())) {
            findings.add("shape", odd.input() + ": " + odd.name(), "shapes differ", first.tensor().shape() + " as in " + first.input(), odd.tensor().shape(), "only embeddings may differ, in their rows");
            return null;
        }
        long rows = draft.base() >= 0 ? first.tensor().shape().size(0) : uses.stream().mapToLong(use -> use.tensor().shape().size(0)).min().orElseThrow();
        Use small = uses.stream().filter(use -> use.tensor().shape().size(0) < rows).findFirst().orElse(null);
        if (small != null) {
            findings.add("rows", small.input() + ": " + small.name(), "has fewer rows than the base's: its vocabulary is another", rows + " rows as in " + first.input(), small.tensor().shape().size(0),
                    "merge models of one vocabulary, or take the smaller one as base_model");
            return null;
        }
        vocabulary = rows;
        for (Use use : uses) {
            long own = use.tensor().shape().size(0);
            if (own != rows) findings.warn(use.input() + " has " + own + " rows of embeddings, the output " + rows + ": its last " + (own - rows) + " tokens are cut off");
        }
        List<Use> cut = new ArrayList<>();
        for (Use use : uses) cut.add(use.tensor().shape().size(0) == rows ? use : use.with(CutTensor.rows(use.tensor(), rows)));
        return draft.with(List.copyOf(cut));
    }

    private static boolean differsInRowsOnly(SourceTensor a, SourceTensor b) {
        long[] x = a.shape().toArray(), y = b.shape().toArray();
        return x.length >= 1 && x.length == y.length && Arrays.equals(x, 1, x.length, y, 1, y.length);
    }
}
