package io.graft.merge.cli;

import io.graft.merge.analysis.Comparison;
import java.util.List;

/** The columns of a comparison, the same in the terminal and on the page; with a base they speak of task vectors. */
final class DiffColumns {

    private static final List<String> PLAIN = List.of("change", "relative", "cosine", "same sign", "values changed");
    private static final List<String> TASKS = List.of("change A", "relative A", "change B", "relative B", "cosine", "same sign");

    private DiffColumns() {}

    static List<String> heads(boolean hasBase) { return hasBase ? TASKS : PLAIN; }

    static List<String> values(Comparison found, boolean hasBase) {
        String cosine = cosine(found.cosine()), sign = Text.percent(found.signAgreement());
        return hasBase
                ? List.of(Text.number(found.firstNorm()), Text.percent(found.firstRelative()), Text.number(found.secondNorm()), Text.percent(found.secondRelative()), cosine, sign)
                : List.of(Text.number(found.norm()), Text.percent(found.relative()), cosine, sign, Text.percent(found.changed()));
    }

    /** Near 1 the digits after the nines are what differs. */
    private static String cosine(double value) { return Double.isNaN(value) ? "-" : String.format(java.util.Locale.ROOT, "%.5f", value); }

    static String meaning(boolean hasBase) {
        return hasBase
                ? "change: the Euclidean norm of what was added to the base (the task vector), A - base and B - base. relative: that norm over the norm of the base's weights. "
                        + "cosine: of the two task vectors, 1 where both experts went the same way, 0 where their directions have nothing to do with each other. "
                        + "same sign: of the values that at least one expert changed, the share that both moved in the same direction."
                : "change: the Euclidean norm of B - A. relative: that norm over the norm of A's weights. cosine: of the weights of A and B. "
                        + "same sign: of the weights that are not zero in both, the share with the same sign. values changed: the share of weights that are not equal. "
                        + "With a base (graft diff A B --base C) the two task vectors are compared instead.";
    }
}
