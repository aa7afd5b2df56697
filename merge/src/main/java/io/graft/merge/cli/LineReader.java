package io.graft.merge.cli;

import io.graft.engine.RequestException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Lines of UTF-8, split at LF only: U+2028 or a carriage return inside a JSON string ends no line. */
final class LineReader {

    private final String where;
    private final InputStream in;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private long number;

    /**
     * A reader.
     *
     * @param where what errors call the input
     * @param in    the input, buffered
     */
    LineReader(String where, InputStream in) {
        this.where = where;
        this.in = in;
    }

    /** {@return the next line without its LF; null after the last} */
    String next() throws IOException {
        line.reset();
        int b;
        while ((b = in.read()) >= 0 && b != '\n') line.write(b);
        if (b < 0 && line.size() == 0) return null;
        number++;
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line.toByteArray())).toString();
        } catch (CharacterCodingException malformed) {
            throw new RequestException(place(), "not UTF-8");
        }
    }

    /**
     * A line of JSON with U+FFFD for every escape of half a surrogate pair, which is no text and which strict JSON refuses.
     *
     * @param line the line
     * @return the line, changed or not
     */
    static String repaired(String line) {
        if (!line.contains("\\u")) return line;
        StringBuilder out = new StringBuilder(line);
        for (int at = 0; at < out.length(); at++) {
            if (out.charAt(at) != '\\') continue;
            int unit = unit(out, at);
            if (unit >= 0 && Character.isSurrogate((char) unit)) {
                int next = unit(out, at + 6);
                if (Character.isHighSurrogate((char) unit) && next >= 0 && Character.isLowSurrogate((char) next)) at += 6;
                else out.replace(at + 2, at + 6, "fffd");
                at += 5;
            } else {
                at++; // whatever is escaped, a backslash too, begins no escape
            }
        }
        return out.toString();
    }

    /** The code unit of an escape (a backslash, the letter u, four hexadecimal digits) at a place; -1 where none stands there. */
    private static int unit(StringBuilder text, int at) {
        if (at + 6 > text.length() || text.charAt(at) != '\\' || text.charAt(at + 1) != 'u') return -1;
        int unit = 0;
        for (int i = at + 2; i < at + 6; i++) {
            int digit = Character.digit(text.charAt(i), 16);
            if (digit < 0) return -1;
            unit = unit << 4 | digit;
        }
        return unit;
    }

    /** {@return what errors call the line read last} */
    String place() { return where + ", line " + number; }
}
