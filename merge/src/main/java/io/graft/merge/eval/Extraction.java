package io.graft.merge.eval;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How lm-evaluation-harness finds the answer in what a model wrote. */
public final class Extraction {

    /** What a filter gives where nothing matches. */
    public static final String INVALID = "[invalid]";

    private static final Pattern FLEXIBLE = Pattern.compile("(-?[$0-9.,]{2,})|(-?[0-9]+)");
    /** Digits of any script; a minus sign after a digit or letter is a subtraction or a hyphen. */
    private static final Pattern NUMBER = Pattern.compile("(?:(?<![\\p{L}\\p{N}])[-\u2212])?\\p{Nd}+(?:,\\p{Nd}{3})*(?:\\.\\p{Nd}+)?");
    private static final Pattern UP_TO_MARK = Pattern.compile("(?s).*#### "), FINAL_STOP = Pattern.compile("\\.$");

    private Extraction() {}

    /**
     * {@code strict-match}: the first match of a pattern.
     *
     * @param pattern its group 1 is the answer
     * @param output  what the model wrote
     * @return the answer, stripped, or {@link #INVALID}
     */
    public static String strict(Pattern pattern, String output) {
        Matcher match = pattern.matcher(output);
        return match.find() ? match.group(1).strip() : INVALID;
    }

    /**
     * {@code flexible-extract}: the last thing that looks like a number.
     *
     * @param output what the model wrote
     * @return it, stripped, or {@link #INVALID}
     */
    public static String flexible(String output) {
        Matcher match = FLEXIBLE.matcher(output);
        String last = INVALID;
        while (match.find()) last = (match.group(1) != null && !match.group(1).isEmpty() ? match.group(1) : match.group(2)).strip();
        return last;
    }

    /**
     * {@code exact_match} with case and ASCII punctuation ignored: {@code -5} equals {@code 5} and {@code 18.00} equals
     * {@code 1800}. A quirk of the harness; {@link #numericMatch} has none of it.
     *
     * @param found what was extracted
     * @param gold  the right answer
     * @return whether they are equal by that rule
     */
    public static boolean exactMatch(String found, String gold) { return plain(found).equals(plain(gold)); }

    /**
     * Equality as numbers: signs and decimal points count, currency signs, thousands commas, blanks and a final full stop do not.
     * Digits of any script are digits.
     *
     * @param found what was extracted
     * @param gold  the right answer
     * @return whether both are numbers and equal
     */
    public static boolean numericMatch(String found, String gold) {
        java.math.BigDecimal a = number(found), b = number(gold);
        return a != null && b != null && a.compareTo(b) == 0;
    }

    /**
     * Reads a number as {@link #numericMatch} does.
     *
     * @param text such as {@code $1,234.50} or {@code ১৮}
     * @return its value, or null where it is none, or has over 1,000 characters
     */
    public static java.math.BigDecimal number(String text) {
        if (text.length() > 1000) return null;
        StringBuilder digits = new StringBuilder();
        text.codePoints().forEach(c -> {
            if (Character.isDigit(c)) digits.append((char) ('0' + Character.digit(c, 10)));
            else if (c != '$' && c != ',' && !Character.isWhitespace(c)) digits.appendCodePoint(c);
        });
        while (!digits.isEmpty() && digits.charAt(digits.length() - 1) == '.') digits.setLength(digits.length() - 1);
        return digits.toString().matches("[-+]?(\\d+(\\.\\d*)?|\\.\\d+)") ? new java.math.BigDecimal(digits.toString()) : null;
    }

    /**
     * The last number, for equality as numbers.
     *
     * @param output what the model wrote, in any script's digits
     * @return it, or {@link #INVALID}
     */
    public static String lastNumber(String output) {
        Matcher match = NUMBER.matcher(output);
        String last = INVALID;
        while (match.find()) last = match.group().replace('\u2212', '-');
        return last;
    }

    /**
     * {@code exact_match} as GSM8K's task has it: case, commas, dollar signs, all up to {@code #### } and a final full stop are
     * ignored.
     *
     * @param found what was extracted
     * @param gold  the right answer
     * @return whether they are equal by that rule
     */
    public static boolean gsm8kMatch(String found, String gold) { return gsm8k(found).equals(gsm8k(gold)); }

    private static String gsm8k(String text) {
        String kept = UP_TO_MARK.matcher(text.replace(",", "").replace("$", "")).replaceAll("");
        return FINAL_STOP.matcher(kept).replaceAll("").toLowerCase(java.util.Locale.ROOT);
    }

    private static String plain(String text) {
        StringBuilder kept = new StringBuilder();
        text.toLowerCase(java.util.Locale.ROOT).chars().filter(c -> !isAsciiPunctuation(c)).forEach(c -> kept.append((char) c));
        return kept.toString();
    }

    private static boolean isAsciiPunctuation(int c) { return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~'; }
}
