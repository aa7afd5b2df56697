package io.graft.merge.eval;

import java.util.ArrayList;
import java.util.List;

/**
 * The MGSM tasks of lm-evaluation-harness 0.4.13: prompts, stop strings, filters (Shi et al. 2022, arXiv:2210.03057).
 *
 * @param mode     how the model is asked to answer
 * @param language of the questions
 */
public record Mgsm(Mode mode, MathLanguage language) {

    /** How a model is asked to answer. */
    public enum Mode {
        /** With the number at once. */
        DIRECT,
        /** Step by step, in the language of the question. */
        NATIVE_COT,
        /** Step by step, in English. */
        EN_COT
    }

    /**
     * One of the eight exemplars of a language.
     *
     * @param question with the question word before it, as published
     * @param answer   step by step, with its words before it, as published
     * @param number   the answer alone
     */
    public record Exemplar(String question, String answer, String number) {}

    private static final String DIRECT = "Answer:";

    /** {@return the harness's name, such as {@code mgsm_native_cot_sw}} */
    public String name() { return "mgsm_" + mode.name().toLowerCase(java.util.Locale.ROOT) + "_" + language.code(); }

    /** {@return where generation stops} */
    public List<String> until() { return List.of(language.question(), "</s>", "<|im_end|>"); }

    /** {@return the names of its filters; the first is the stricter} */
    public List<String> filters() { return List.of(mode == Mode.DIRECT ? "remove_whitespace" : "strict-match", "flexible-extract"); }

    /**
     * The prompt of a question.
     *
     * @param question  without the question word, as in the test set
     * @param exemplars shown before it, in their order
     * @return the text to continue
     */
    public String prompt(String question, List<Exemplar> exemplars) {
        List<String> parts = new ArrayList<>();
        for (Exemplar each : exemplars) parts.add(each.question() + "\n" + answerWords() + delimiter() + target(each));
        parts.add(language.question() + " " + question + "\n" + answerWords());
        return String.join("\n\n", parts);
    }

    /**
     * Applies a filter to what a model wrote.
     *
     * @param filter one of {@link #filters}
     * @param output what the model wrote
     * @return the answer found
     */
    public String extract(String filter, String output) {
        return switch (filter) {
            case "remove_whitespace" -> output.strip();
            case "strict-match" -> Extraction.strict((mode == Mode.EN_COT ? MathLanguage.EN : language).strict(), output);
            case "flexible-extract" -> Extraction.flexible(output);
            default -> throw new IllegalArgumentException(name() + " has no filter " + filter + "; it has " + filters());
        };
    }

    private String answerWords() {
        return switch (mode) {
            case DIRECT -> DIRECT;
            case NATIVE_COT -> language.steps();
            case EN_COT -> MathLanguage.EN.steps();
        };
    }

    private String delimiter() { return mode == Mode.DIRECT ? "" : mode == Mode.NATIVE_COT ? language.delimiter() : MathLanguage.EN.delimiter(); }

    /** The harness cuts the words and one character off a published answer; it does so by the words of the question's language in every mode. */
    private String target(Exemplar each) {
        return mode == Mode.DIRECT ? each.number() : each.answer().substring(language.steps().length() + 1);
    }
}
