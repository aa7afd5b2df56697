package io.graft.formats.convert;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;

/** Rounds singles to what a narrower dtype can hold: to the nearest, ties to even, too large ones to infinity. */
public final class Rounding {

    private Rounding() {}

    /**
     * Rounds values that stay singles.
     *
     * @param values little-endian F32, rounded in place
     * @param count  how many
     * @param dtype  F32 (nothing happens), BF16 or F16
     */
    public static void toDtype(MemorySegment values, long count, DType dtype) {
        if (dtype == DType.F32) return;
        for (long i = 0; i < count; i++) values.set(JAVA_FLOAT_UNALIGNED, 4 * i, toDtype(values.get(JAVA_FLOAT_UNALIGNED, 4 * i), dtype));
    }

    /**
     * Rounds a value that stays a single.
     *
     * @param value any
     * @param dtype F32, BF16 or F16
     * @return the nearest value of that dtype
     */
    public static float toDtype(float value, DType dtype) {
        return switch (dtype) {
            case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
            case BF16 -> Float.intBitsToFloat(bf16(value) << 16);
            default -> value;
        };
    }

    /**
     * Rounds to a BF16.
     *
     * @param value any
     * @return its 16 bits
     */
    public static short bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) return (short) (bits >>> 16 | 0x40); // rounding up could make an infinity of it
        return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }
}
