package io.graft.formats.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What turns tokens back into text. Each step maps a list of strings; the last list is joined. */
final class Decoders {

    /** One step. */
    interface Step {
        List<String> apply(List<String> tokens);
    }

    private Decoders() {}

    static Step sequence(List<Step> steps) {
        return tokens -> {
            for (Step step : steps) tokens = step.apply(tokens);
            return tokens;
        };
    }

    /** Letters to bytes to text; a token with another letter in it stands for its own UTF-8. */
    static Step byteLevel() {
        return tokens -> {
            int most = 0;
            for (String token : tokens) most += 3 * token.length();
            byte[] bytes = new byte[most];
            int count = 0;
            for (String token : tokens) {
                int before = count;
                for (int i = 0; i < token.length(); i++) {
                    int b = ByteAlphabet.of(token.charAt(i));
                    if (b < 0) {
                        byte[] own = token.getBytes(StandardCharsets.UTF_8);
                        System.arraycopy(own, 0, bytes, before, own.length);
                        count = before + own.length;
                        break;
                    }
                    bytes[count++] = (byte) b;
                }
            }
            StringBuilder text = new StringBuilder(count);
            Utf8.decode(bytes, count, text);
            return List.of(text.toString());
        };
    }

    static Step replace(Patterns.Pattern pattern, String content) {
        return tokens -> tokens.stream().map(token -> {
            int[] text = token.codePoints().toArray();
            StringBuilder out = new StringBuilder();
            int[] done = {0};
            pattern.find(text, 0, text.length, (from, to) -> {
                out.append(new String(text, done[0], from - done[0])).append(content);
                done[0] = to;
            });
            return out.append(new String(text, done[0], text.length - done[0])).toString();
        }).toList();
    }

    /** Runs of tokens such as {@code <0xE0>} to the text of their bytes, or to one U+FFFD a byte where they are no UTF-8. */
    static Step byteFallback() {
        return tokens -> {
            List<String> out = new ArrayList<>(tokens.size());
            byte[] run = new byte[tokens.size()];
            int count = 0;
            for (String token : tokens) {
                int b = fallbackByte(token);
                if (b >= 0) {
                    run[count++] = (byte) b;
                    continue;
                }
                flush(run, count, out);
                count = 0;
                out.add(token);
            }
            flush(run, count, out);
            return out;
        };
    }

    private static void flush(byte[] run, int count, List<String> out) {
        if (count == 0) return;
        StringBuilder text = new StringBuilder(count);
        out.add(Utf8.decode(run, count, text) ? text.toString() : "\uFFFD".repeat(count));
    }

    private static int fallbackByte(String token) {
        if (token.length() != 6 || !token.startsWith("<0x") || token.charAt(5) != '>') return -1;
        int high = Character.digit(token.charAt(3), 16), low = Character.digit(token.charAt(4), 16);
        return high < 0 || low < 0 || token.charAt(3) > 'f' || token.charAt(4) > 'f' ? -1 : high << 4 | low;
    }

    static Step fuse() { return tokens -> List.of(String.join("", tokens)); }

    /** Takes up to so many of a letter off both ends of every string. */
    static Step strip(int letter, int start, int stop) {
        return tokens -> tokens.stream().map(token -> {
            int[] text = token.codePoints().toArray();
            int from = 0, to = text.length;
            while (from < Math.min(start, text.length) && text[from] == letter) from++;
            while (to > from && text.length - to < stop && text[to - 1] == letter) to--;
            return new String(text, from, to - from);
        }).toList();
    }

    /** The mark back to a space, but for the first token's, which was put before the text. */
    static Step metaspace(int mark, PreTokenizers.Prepend prepend) {
        return tokens -> {
            List<String> out = new ArrayList<>(tokens.size());
            for (String token : tokens) {
                boolean drop = out.isEmpty() && prepend != PreTokenizers.Prepend.NEVER;
                StringBuilder text = new StringBuilder(token.length());
                token.codePoints().forEach(c -> {
                    if (c != mark) text.appendCodePoint(c);
                    else if (!drop) text.append(' ');
                });
                out.add(text.toString());
            }
            return out;
        };
    }
}
