package io.graft.merge.world;

/**
 * A problem to be asked.
 *
 * @param set    which set it is of
 * @param prompt up to where the answer begins
 * @param gold   the only right answer, up to its full stop: {@code 8 - 3 = 5 .}
 * @param answer the number it comes to
 */
public record Problem(ProblemSet set, String prompt, String gold, int answer) {

    /** {@return it as one JSON object} */
    public String json() { return "{\"set\": \"" + set.key() + "\", \"prompt\": \"" + prompt + "\", \"gold\": \"" + gold + "\", \"answer\": " + answer + "}"; }
}
