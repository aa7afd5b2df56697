package io.graft.merge.eval;

import java.util.regex.Pattern;

/**
 * The words that the MGSM tasks of lm-evaluation-harness 0.4.13 put around a question, by language.
 *
 * <p>Bengali's strict pattern is the English one, although its exemplars end in Bengali: strict matching of native Bengali
 * answers is 0 by construction. That is the harness's rule, kept as it is.
 */
public enum MathLanguage {
    /** English. */
    EN("Question:", "Step-by-Step Answer:", "The answer is (\\-?[0-9\\.\\,]+)", " "),
    /** Swahili. */
    SW("Swali:", "Jibu la Hatua kwa Hatua:", "Jibu ni (\\-?[0-9\\.\\,]+)", " "),
    /** Bengali. */
    BN("প্রশ্ন:", "ধাপে ধাপে উত্তর:", "The answer is (\\-?[0-9\\.\\,]+)", " "),
    /** Telugu. */
    TE("ప్రశ్న:", "దశలవారీగా సమాధానం:", "సమాధానం (\\-?[0-9\\.\\,]+)", " "),
    /** Japanese, which puts no blank before an answer. */
    JA("問題：", "ステップごとの答え:", "答えは(\\-?[0-9\\.\\,]+)です。", "");

    private final String question;
    private final String steps;
    private final Pattern strict;
    private final String delimiter;

    MathLanguage(String question, String steps, String strict, String delimiter) {
        this.question = question;
        this.steps = steps;
        this.strict = Pattern.compile(strict);
        this.delimiter = delimiter;
    }

    /** {@return the word before a question, which also stops generation} */
    public String question() { return question; }

    /** {@return the words before a step-by-step answer} */
    public String steps() { return steps; }

    /** {@return the pattern of {@code strict-match}; its group 1 is the number} */
    public Pattern strict() { return strict; }

    /** {@return what stands between prompt and exemplar answer in native_cot} */
    public String delimiter() { return delimiter; }

    /** {@return the code as in task names, such as {@code sw}} */
    public String code() { return name().toLowerCase(java.util.Locale.ROOT); }
}
