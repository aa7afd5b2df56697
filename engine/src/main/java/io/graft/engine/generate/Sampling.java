package io.graft.engine.generate;

import io.graft.engine.RequestException;

/**
 * How the next token is chosen. Applied in Transformers' order: repetition penalty, temperature, top-k, top-p, min-p.
 *
 * @param temperature       divisor of logits; 0 is greedy: the largest logit, of equal ones the smallest id
 * @param topK              only so many of the most likely tokens; 0 for all
 * @param topP              only the most likely tokens whose more likely ones add up to less than this; 1 for all
 * @param minP              only tokens at least this times as likely as the most likely one; 0 for all
 * @param repetitionPenalty divides the positive and multiplies the negative logits of tokens that the text has; 1 for none
 * @param seed              of the random numbers; the same seed gives the same text on every machine
 */
public record Sampling(double temperature, int topK, double topP, double minP, double repetitionPenalty, long seed) {

    /** The most likely token, always. */
    public static final Sampling GREEDY = new Sampling(0, 0, 1, 0, 1, 0);

    /**
     * Checks the ranges.
     *
     * @throws RequestException if a value is out of its range
     */
    public Sampling {
        check("temperature", temperature >= 0 && temperature < Double.POSITIVE_INFINITY, "a number of at least 0", temperature);
        check("top-k", topK >= 0, "a number of at least 0", topK);
        check("top-p", topP > 0 && topP <= 1, "a number over 0, at most 1", topP);
        check("min-p", minP >= 0 && minP <= 1, "a number from 0 to 1", minP);
        check("repetition penalty", repetitionPenalty > 0 && repetitionPenalty < Double.POSITIVE_INFINITY, "a number over 0", repetitionPenalty);
    }

    private static void check(String what, boolean right, String expected, Object found) {
        if (!right) throw new RequestException(what, "out of range", expected, found);
    }
}
