package io.graft.formats.gguf;

/**
 * Decodes one block of a tensor type into singles, as ggml defines it: in every formula one rounded product and at most one
 * rounded sum, so that there is one right answer to the bit. Scales (halves times codes of at most eight bits) are exact products.
 *
 * <p>"low" is the lower nibble of a byte, "high" the upper one; d and m are halves at the places given.
 */
final class Dequantiser {

    private Dequantiser() {}

    /**
     * Decodes a block.
     *
     * @param type its type
     * @param in   the bytes
     * @param at   where the block begins
     * @param out  receives {@code type.elements()} values
     * @param to   where in it
     */
    static void block(GgufType type, Little in, int at, float[] out, int to) {
        switch (type) {
            case F32 -> out[to] = Float.intBitsToFloat(in.i32(at));
            case F16 -> out[to] = in.f16(at);
            case BF16 -> out[to] = in.bf16(at);
            case Q8_0 -> q8_0(in, at, out, to);
            case Q4_0 -> q4_0(in, at, out, to);
            case Q4_1 -> q4_1(in, at, out, to);
            case Q5_0 -> q5_0(in, at, out, to);
            case Q5_1 -> q5_1(in, at, out, to);
            case Q2_K -> q2_k(in, at, out, to);
            case Q3_K -> q3_k(in, at, out, to);
            case Q4_K -> q4_k(in, at, out, to);
            case Q5_K -> q5_k(in, at, out, to);
            case Q6_K -> q6_k(in, at, out, to);
        }
    }

    /** d (2), codes (32, signed bytes): x = d·q. */
    private static void q8_0(Little in, int at, float[] out, int to) {
        float d = in.f16(at);
        for (int i = 0; i < 32; i++) out[to + i] = d * in.bytes()[at + 2 + i];
    }

    /** d (2), codes (16): element i low, element i + 16 high; x = d·(q − 8). */
    private static void q4_0(Little in, int at, float[] out, int to) {
        float d = in.f16(at);
        for (int i = 0; i < 16; i++) {
            int q = in.u8(at + 2 + i);
            out[to + i] = d * ((q & 15) - 8);
            out[to + i + 16] = d * ((q >> 4) - 8);
        }
    }

    /** d (2), m (2), codes (16) as in Q4_0: x = d·q + m. */
    private static void q4_1(Little in, int at, float[] out, int to) {
        float d = in.f16(at), m = in.f16(at + 2);
        for (int i = 0; i < 16; i++) {
            int q = in.u8(at + 4 + i);
            out[to + i] = d * (q & 15) + m;
            out[to + i + 16] = d * (q >> 4) + m;
        }
    }

    /** d (2), fifth bits (4: bit i of element i), codes (16) as in Q4_0: x = d·(q − 16). */
    private static void q5_0(Little in, int at, float[] out, int to) {
        float d = in.f16(at);
        int fifth = in.i32(at + 2);
        for (int i = 0; i < 16; i++) {
            int q = in.u8(at + 6 + i);
            out[to + i] = d * (((q & 15) | bit(fifth, i) << 4) - 16);
            out[to + i + 16] = d * (((q >> 4) | bit(fifth, i + 16) << 4) - 16);
        }
    }

    /** d (2), m (2), fifth bits (4), codes (16) as in Q5_0: x = d·q + m. */
    private static void q5_1(Little in, int at, float[] out, int to) {
        float d = in.f16(at), m = in.f16(at + 2);
        int fifth = in.i32(at + 4);
        for (int i = 0; i < 16; i++) {
            int q = in.u8(at + 8 + i);
            out[to + i] = d * ((q & 15) | bit(fifth, i) << 4) + m;
            out[to + i + 16] = d * ((q >> 4) | bit(fifth, i + 16) << 4) + m;
        }
    }

    /**
     * Sixteen groups of 16: scales (16 bytes: low the scale, high the minimum), codes (64), d (2), m (2);
     * x = (d·scale)·q − m·minimum. Element e of a half of 128 has bits 2·(e / 32) of byte e mod 32.
     */
    private static void q2_k(Little in, int at, float[] out, int to) {
        float d = in.f16(at + 80), m = in.f16(at + 82);
        for (int e = 0; e < 256; e++) {
            int scale = in.u8(at + e / 16), within = e % 128;
            int q = in.u8(at + 16 + e / 128 * 32 + within % 32) >> within / 32 * 2 & 3;
            out[to + e] = d * (scale & 15) * q - m * (scale >> 4);
        }
    }

    /**
     * Sixteen groups of 16: third bits (32, inverted: clear means minus 4), codes (64, as in Q2_K), scales (12), d (2);
     * x = (d·(scale − 32))·q. Scale j: low or high of byte j mod 8, and above it bits 2·(j / 4) of byte 8 + j mod 4.
     */
    private static void q3_k(Little in, int at, float[] out, int to) {
        float d = in.f16(at + 108);
        for (int e = 0; e < 256; e++) {
            int group = e / 16, within = e % 128;
            int lower = in.u8(at + 96 + group % 8) >> (group < 8 ? 0 : 4) & 15;
            int upper = in.u8(at + 96 + 8 + group % 4) >> group / 4 * 2 & 3;
            int q = in.u8(at + 32 + e / 128 * 32 + within % 32) >> within / 32 * 2 & 3;
            int third = bit(in.u8(at + within % 32), e / 32);
            out[to + e] = d * ((lower | upper << 4) - 32) * (third == 1 ? q : q - 4);
        }
    }

    /** Eight groups of 32: d (2), m (2), scales and minima (12), codes (128); x = (d·scale)·q − m·minimum. */
    private static void q4_k(Little in, int at, float[] out, int to) {
        float d = in.f16(at), m = in.f16(at + 2);
        for (int group = 0; group < 8; group++) {
            float scale = d * scale(in, at + 4, group), minimum = m * minimum(in, at + 4, group);
            int codes = at + 16 + group / 2 * 32, shift = group % 2 * 4;
            for (int i = 0; i < 32; i++) out[to + group * 32 + i] = scale * (in.u8(codes + i) >> shift & 15) - minimum;
        }
    }

    /** As Q4_K, with fifth bits (32: bit g of byte i for element i of group g) between scales and codes. */
    private static void q5_k(Little in, int at, float[] out, int to) {
        float d = in.f16(at), m = in.f16(at + 2);
        for (int group = 0; group < 8; group++) {
            float scale = d * scale(in, at + 4, group), minimum = m * minimum(in, at + 4, group);
            int codes = at + 48 + group / 2 * 32, shift = group % 2 * 4;
            for (int i = 0; i < 32; i++) {
                int q = in.u8(codes + i) >> shift & 15 | bit(in.u8(at + 16 + i), group) << 4;
                out[to + group * 32 + i] = scale * q - minimum;
            }
        }
    }

    /**
     * Sixteen groups of 16: lower four bits (128), upper two (64), scales (16, signed bytes), d (2); x = (d·scale)·(q − 32).
     * In a half of 128, quarter k of 32: low (k < 2) or high of byte i + 32·(k mod 2), and bits 2k of byte i.
     */
    private static void q6_k(Little in, int at, float[] out, int to) {
        float d = in.f16(at + 208);
        for (int e = 0; e < 256; e++) {
            int half = e / 128, quarter = e % 128 / 32, i = e % 32;
            int lower = in.u8(at + half * 64 + quarter % 2 * 32 + i) >> (quarter < 2 ? 0 : 4) & 15;
            int upper = in.u8(at + 128 + half * 32 + i) >> quarter * 2 & 3;
            out[to + e] = d * in.bytes()[at + 192 + e / 16] * ((lower | upper << 4) - 32);
        }
    }

    /** Six bits of group j: of byte j below 4; else low of byte j + 4 and the two upper bits of byte j − 4. */
    private static int scale(Little in, int at, int j) {
        return j < 4 ? in.u8(at + j) & 63 : in.u8(at + j + 4) & 15 | in.u8(at + j - 4) >> 6 << 4;
    }

    /** Six bits of group j: of byte j + 4 below 4; else high of byte j + 4 and the two upper bits of byte j. */
    private static int minimum(Little in, int at, int j) {
        return j < 4 ? in.u8(at + j + 4) & 63 : in.u8(at + j + 4) >> 4 | in.u8(at + j) >> 6 << 4;
    }

    private static int bit(int bits, int i) { return bits >>> i & 1; }
}
