package io.graft.formats.tokenizer;

import java.util.Arrays;

/**
 * The printable letter that byte-level vocabularies write for each byte: itself for printable Latin-1, and U+0100 onwards,
 * in order, for the others.
 */
final class ByteAlphabet {

    private static final int[] LETTER = new int[256];
    private static final int[] BYTE = new int[0x144];

    static {
        Arrays.fill(BYTE, -1);
        int next = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            LETTER[b] = printable ? b : next++;
            BYTE[LETTER[b]] = b;
        }
    }

    private ByteAlphabet() {}

    /** The letter of a byte, 0 to 255. */
    static int letter(int b) { return LETTER[b]; }

    /** The byte of a letter, or -1 for what is none. */
    static int of(int letter) { return letter < BYTE.length ? BYTE[letter] : -1; }

    /** Writes a code point as the letters of its UTF-8 bytes, each of which stands for all of it. */
    static void spell(int c, int from, int to, Pieces out) {
        if (c < 0x80) {
            out.put(LETTER[c], from, to);
        } else if (c < 0x800) {
            out.put(LETTER[0xC0 | c >> 6], from, to);
            out.put(LETTER[0x80 | c & 0x3F], from, to);
        } else if (c < 0x10000) {
            out.put(LETTER[0xE0 | c >> 12], from, to);
            out.put(LETTER[0x80 | c >> 6 & 0x3F], from, to);
            out.put(LETTER[0x80 | c & 0x3F], from, to);
        } else {
            out.put(LETTER[0xF0 | c >> 18], from, to);
            out.put(LETTER[0x80 | c >> 12 & 0x3F], from, to);
            out.put(LETTER[0x80 | c >> 6 & 0x3F], from, to);
            out.put(LETTER[0x80 | c & 0x3F], from, to);
        }
    }
}
