package io.graft.formats.tokenizer;

/**
 * UTF-8 by the letter: one U+FFFD for each maximal invalid part, as Unicode recommends and the tokenizers library does.
 * {@code new String(bytes, UTF_8)} makes one of an encoded surrogate, where there are three.
 */
final class Utf8 {

    private Utf8() {}

    /**
     * Decodes.
     *
     * @param bytes    the bytes
     * @param length   how many of them
     * @param out      takes the text
     * @return whether all of them were valid
     */
    static boolean decode(byte[] bytes, int length, StringBuilder out) {
        boolean valid = true;
        for (int i = 0; i < length; ) {
            int first = bytes[i++] & 0xFF;
            if (first < 0x80) {
                out.append((char) first);
                continue;
            }
            int more = first < 0xC2 || first > 0xF4 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
            // The second byte's range shuts out overlong forms, surrogates and what is above U+10FFFF.
            int low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80, high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
            int point = first & 0x3F >> more, taken = 0;
            while (taken < more && i < length) {
                int next = bytes[i] & 0xFF;
                if (next < low || next > high) break;
                point = point << 6 | next & 0x3F;
                low = 0x80;
                high = 0xBF;
                i++;
                taken++;
            }
            if (more > 0 && taken == more) {
                out.appendCodePoint(point);
            } else {
                out.append('\uFFFD');
                valid = false;
            }
        }
        return valid;
    }
}
