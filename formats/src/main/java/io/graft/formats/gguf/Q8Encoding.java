package io.graft.formats.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.graft.formats.convert.Encoding;
import java.lang.foreign.MemorySegment;

/**
 * Q8_0 as ggml rounds it: d = max|x| / 127, q = x · (1/d) rounded to the nearest integer (halves away from zero), d stored as a half.
 */
record Q8Encoding() implements Encoding {

    @Override
    public int blockElements() { return GgufType.Q8_0.elements(); }

    @Override
    public int blockBytes() { return GgufType.Q8_0.bytes(); }

    @Override
    public void encode(MemorySegment from, long elements, MemorySegment to) {
        for (long first = 0, at = 0; first < elements; first += 32, at += 34) {
            float largest = 0;
            for (int i = 0; i < 32; i++) largest = Math.max(largest, Math.abs(from.get(JAVA_FLOAT_UNALIGNED, 4 * (first + i))));
            if (!Float.isFinite(largest)) throw new ArithmeticException("a value that is not finite cannot be stored as Q8_0");
            float d = largest / 127, inverse = d == 0 ? 0 : 1 / d;
            to.set(JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(d));
            for (int i = 0; i < 32; i++) {
                double x = from.get(JAVA_FLOAT_UNALIGNED, 4 * (first + i)) * inverse; // a float product; the half is added exactly
                to.set(JAVA_BYTE, at + 2 + i, (byte) (x + Math.copySign(0.5, x)));
            }
        }
    }
}
