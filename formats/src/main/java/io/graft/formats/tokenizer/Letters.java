package io.graft.formats.tokenizer;

/** Classes of code points as the tokenizers library has them, which are not always those of java.util.regex. */
final class Letters {

    /** What the split patterns tell apart. */
    static final byte OTHER = 0, LETTER = 1, NUMBER = 2, SPACE = 3;

    private static final byte[] COMMON = new byte[0x800];

    static {
        for (int c = 0; c < COMMON.length; c++) COMMON[c] = look(c);
    }

    private Letters() {}

    /** {@return which of the four classes a code point is in} */
    static byte kind(int c) { return c < COMMON.length ? COMMON[c] : look(c); }

    private static byte look(int c) {
        if (isSpace(c)) return SPACE;
        return switch (Character.getType(c)) {
            case Character.UPPERCASE_LETTER, Character.LOWERCASE_LETTER, Character.TITLECASE_LETTER, Character.MODIFIER_LETTER, Character.OTHER_LETTER -> LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            default -> OTHER;
        };
    }

    /** Unicode's White_Space: 25 code points, which are also {@code \s} of these patterns. */
    static boolean isSpace(int c) {
        if (c < 0x1680) return c == ' ' || c >= 9 && c <= 13 || c == 0x85 || c == 0xA0;
        return c == 0x1680 || c >= 0x2000 && c <= 0x200A || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
    }

    /** {@code \w}: alphabetic, marks, decimal digits, connectors and the two joiners. */
    static boolean isWord(int c) {
        if (c < 128) return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_';
        return Character.isAlphabetic(c) || c == 0x200C || c == 0x200D || switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK, Character.DECIMAL_DIGIT_NUMBER, Character.CONNECTOR_PUNCTUATION -> true;
            default -> false;
        };
    }

    /** ASCII punctuation, which counts symbols such as {@code $} and {@code +}, and all of {@code \p{P}}. */
    static boolean isPunctuation(int c) {
        if (c < 128) return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~';
        return switch (Character.getType(c)) {
            case Character.CONNECTOR_PUNCTUATION, Character.DASH_PUNCTUATION, Character.START_PUNCTUATION, Character.END_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION, Character.FINAL_QUOTE_PUNCTUATION, Character.OTHER_PUNCTUATION -> true;
            default -> false;
        };
    }
}
