package io.graft.formats.safetensors;

import io.graft.formats.safetensors.SafetensorsException.Kind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The header's bytes, read where they are mapped: UTF-8, JSON strings, and numbers. Nothing here holds more than a name.
 */
final class HeaderBytes {

    /** The longest part of a name that an error shows. */
    private static final int SHOWN = 120;

    /** The sign bits of eight bytes: all 0 where the eight are ASCII. */
    private static final long NOT_ASCII = 0x8080808080808080L;

    final String file;
    private final MemorySegment bytes;
    private final int length;

    HeaderBytes(String file, MemorySegment bytes) {
        this.file = file;
        this.bytes = bytes;
        this.length = (int) bytes.byteSize();
    }

    int length() { return length; }

    int at(int position) { return bytes.get(ValueLayout.JAVA_BYTE, position) & 0xff; }

    /** UTF-8 as Unicode defines it: no overlong form, no surrogate, nothing over U+10FFFF. */
    void checkUtf8() {
        int i = 0;
        while (i < length) {
            if (i + 8 <= length && (bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, i) & NOT_ASCII) == 0) {
                i += 8;
                continue;
            }
            int lead = at(i);
            int more = lead < 0x80 ? 0 : lead < 0xc2 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : -1;
            boolean valid = more >= 0 && i + more < length;
            for (int k = 1; valid && k <= more; k++) valid = (at(i + k) & 0xc0) == 0x80;
            if (valid && more >= 2) {
                int second = at(i + 1);
                valid = !(lead == 0xe0 && second < 0xa0 || lead == 0xed && second >= 0xa0 || lead == 0xf0 && second < 0x90 || lead == 0xf4 && second >= 0x90);
            }
            if (!valid) throw new SafetensorsException(Kind.InvalidHeaderUtf8, file, "the header is not UTF-8", "UTF-8", String.format("byte 0x%02x at %d of the header", lead, i));
            i += 1 + more;
        }
    }

    SafetensorsException json(int position, String expected) {
        String found = position >= length ? "the end of the header" : describe(at(position)) + " at byte " + position + " of the header";
        return new SafetensorsException(Kind.InvalidHeaderJson, file, "the header is not the JSON of a safetensors file", expected, found);
    }

    private static String describe(int b) { return b > 0x20 && b < 0x7f ? "'" + (char) b + "'" : String.format("byte 0x%02x", b); }

    /** The JSON string whose first byte after the quote is at {@code start}, as UTF-8 bytes with its escapes undone, one at a time. */
    final class Text {
        private int position;
        private int pending, pendingCount;

        Text(int start) { position = start; }

        /** {@return the next byte of the text, or -1 at its end} */
        int next() {
            if (pendingCount > 0) return pending >>> (8 * --pendingCount) & 0xff;
            if (position >= length) throw json(position, "the end of a string");
            int b = at(position);
            if (b == '"') return -1;
            if (b < 0x20) throw json(position, "no control character in a string");
            position++;
            return b == '\\' ? escape() : b;
        }

        /** {@return where the closing quote is, once {@link #next} has given -1} */
        int end() { return position; }

        private int escape() {
            if (position >= length) throw json(position, "an escape");
            int b = at(position++);
            return switch (b) {
                case '"', '\\', '/' -> b;
                case 'b' -> '\b';
                case 'f' -> '\f';
                case 'n' -> '\n';
                case 'r' -> '\r';
                case 't' -> '\t';
                case 'u' -> unicode();
                default -> throw json(position - 1, "one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
            };
        }

        private int unicode() {
            int start = position - 2;
            int code = four();
            if (Character.isLowSurrogate((char) code)) throw json(start, "a high surrogate before a low one");
            if (Character.isHighSurrogate((char) code)) {
                if (position + 2 > length || at(position) != '\\' || at(position + 1) != 'u') throw json(start, "a low surrogate after the high one");
                position += 2;
                int low = four();
                if (!Character.isLowSurrogate((char) low)) throw json(start, "a low surrogate after the high one");
                code = Character.toCodePoint((char) code, (char) low);
            }
            if (code < 0x80) return code;
            pendingCount = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
            for (int k = pendingCount - 1, shift = 6 * k; k >= 0; k--, shift -= 6) pending = pending << 8 | 0x80 | code >>> shift & 0x3f;
            return switch (pendingCount) {
                case 1 -> 0xc0 | code >>> 6;
                case 2 -> 0xe0 | code >>> 12;
                default -> 0xf0 | code >>> 18;
            };
        }

        private int four() {
            int code = 0;
            for (int k = 0; k < 4; k++, position++) {
                int digit = position < length ? Character.digit(at(position), 16) : -1;
                if (digit < 0) throw json(position, "four hexadecimal digits");
                code = code << 4 | digit;
            }
            return code;
        }
    }

    Text text(int start) { return new Text(start); }

    /** Whether the string at {@code start} reads as these bytes. */
    boolean equal(int start, byte[] utf8) {
        Text text = new Text(start);
        for (byte each : utf8) if (text.next() != (each & 0xff)) return false;
        return text.next() < 0;
    }

    /** Whether two strings of the header read the same, whatever their escapes. */
    boolean equal(int start, int other) {
        Text a = new Text(start), b = new Text(other);
        int next;
        do {
            next = a.next();
            if (next != b.next()) return false;
        } while (next >= 0);
        return true;
    }

    String string(int start) { return string(start, Integer.MAX_VALUE); }

    /** The string at {@code start}, cut for an error where it is long. */
    String shown(int start) { return string(start, SHOWN); }

    private String string(int start, int most) {
        Text text = new Text(start);
        byte[] utf8 = new byte[64];
        int count = 0, next;
        while ((next = text.next()) >= 0 && count < most) {
            if (count == utf8.length) utf8 = Arrays.copyOf(utf8, 2 * count);
            utf8[count++] = (byte) next;
        }
        return new String(utf8, 0, count, StandardCharsets.UTF_8) + (next >= 0 ? "..." : "");
    }
}
