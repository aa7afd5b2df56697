package io.graft.formats.tokenizer;

import io.graft.engine.RequestException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.PatternSyntaxException;

/** What splits and replacements look for. */
final class Patterns {

    /** Finds all matches in a range of code points, from left to right, none of which overlap. */
    interface Pattern {
        void find(int[] text, int start, int end, Pieces.Cuts matches);
    }

    private static final String CONTRACTIONS = "'s|'t|'re|'ve|'m|'ll|'d";
    private static final String LLAMA_TAIL = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    static final String GPT2 = CONTRACTIONS + "| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    /** Patterns of published tokenizers that are read by hand: a fraction of the time, and linear on any text. */
    private static final Map<String, Pattern> KNOWN = Map.of(
            GPT2, WordPatterns::gpt2,
            "(?i:" + CONTRACTIONS + ")|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}" + LLAMA_TAIL, (text, start, end, out) -> WordPatterns.llama(text, start, end, 3, out),
            "(?i:" + CONTRACTIONS + ")|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" + LLAMA_TAIL, (text, start, end, out) -> WordPatterns.llama(text, start, end, 1, out),
            "\\p{N}", each(c -> Letters.kind(c) == Letters.NUMBER));

    private Patterns() {}

    /** A condition on a code point. */
    interface Kind {
        boolean test(int codePoint);
    }

    /** A text as it stands. */
    static Pattern literal(String text) {
        int[] sought = text.codePoints().toArray();
        return (in, start, end, out) -> {
            if (sought.length == 0) return;
            for (int at = start; at + sought.length <= end; ) {
                int same = 0;
                while (same < sought.length && in[at + same] == sought[same]) same++;
                if (same < sought.length) {
                    at++;
                } else {
                    out.add(at, at + same);
                    at += same;
                }
            }
        };
    }

    /** Each code point of a kind is a match of its own. */
    static Pattern each(Kind kind) {
        return (text, start, end, out) -> {
            for (int at = start; at < end; at++)
                if (kind.test(text[at])) out.add(at, at + 1);
        };
    }

    /** Whole runs of word letters, and of what is neither that nor white space. */
    static Pattern words() {
        return (text, start, end, out) -> {
            for (int at = start; at < end; ) {
                int from = at;
                if (Letters.isSpace(text[at])) {
                    at++;
                    continue;
                }
                boolean word = Letters.isWord(text[at]);
                while (at < end && Letters.isWord(text[at]) == word && !Letters.isSpace(text[at])) at++;
                out.add(from, at);
            }
        };
    }

    /**
     * A regular expression: by hand where it is known, else by java.util.regex.
     *
     * @param where what errors call its file
     * @param regex the expression as tokenizer.json writes it
     */
    static Pattern regex(String where, String regex) {
        Pattern known = KNOWN.get(regex);
        return known != null ? known : foreign(where, regex);
    }

    private static Pattern foreign(String where, String regex) {
        java.util.regex.Pattern compiled;
        try {
            String translated = regex.replace("\\p{Han}", "\\p{IsHan}").replace("\\p{Hiragana}", "\\p{IsHiragana}").replace("\\p{Katakana}", "\\p{IsKatakana}").replace("\\p{Hangul}", "\\p{IsHangul}");
            compiled = java.util.regex.Pattern.compile(translated, java.util.regex.Pattern.UNICODE_CHARACTER_CLASS | java.util.regex.Pattern.UNICODE_CASE | java.util.regex.Pattern.UNIX_LINES | java.util.regex.Pattern.MULTILINE);
        } catch (PatternSyntaxException wrong) {
            throw new RequestException(where, "the pattern " + regex + " cannot be read: " + wrong.getDescription());
        }
        return (text, start, end, out) -> {
            Steps steps = new Steps(where, regex, new String(text, start, end - start));
            Matcher matcher = compiled.matcher(steps);
            int point = start, unit = 0;
            try {
                while (matcher.find()) {
                    int from = point + Character.codePointCount(steps.text, unit, matcher.start());
                    int to = from + Character.codePointCount(steps.text, matcher.start(), matcher.end());
                    out.add(from, to);
                    point = to;
                    unit = matcher.end();
                }
            } catch (StackOverflowError deep) {
                throw steps.refusal();
            }
        };
    }

    /** A text that counts how often it is looked at, so that an expression that tries everything ends in an error. */
    private static final class Steps implements CharSequence {

        private static final int EACH = 400, FREE = 1 << 20;

        private final String where, regex, text;
        private long left;

        Steps(String where, String regex, String text) {
            this.where = where;
            this.regex = regex;
            this.text = text;
            left = FREE + (long) EACH * text.length();
        }

        RequestException refusal() {
            return new RequestException(where, "the pattern " + regex + " takes too long, or nests too deep, on this text of " + text.length() + " characters", null, null, "cut the text into shorter lines");
        }

        @Override
        public char charAt(int index) {
            if (--left < 0) throw refusal();
            return text.charAt(index);
        }

        @Override
        public int length() { return text.length(); }

        @Override
        public CharSequence subSequence(int start, int end) { return text.subSequence(start, end); }

        @Override
        public String toString() { return text; }
    }
}
