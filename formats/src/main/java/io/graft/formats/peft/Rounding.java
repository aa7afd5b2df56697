package io.graft.formats.peft;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;

/** Rounds singles to what a dtype can hold, to the nearest, ties to even; they stay singles. */
final class Rounding {

    private Rounding() {}

    static void toDtype(MemorySegment values, long count, DType dtype) {
        if (dtype == DType.F32) return;
        for (long i = 0; i < count; i++) values.set(JAVA_FLOAT_UNALIGNED, 4 * i, toDtype(values.get(JAVA_FLOAT_UNALIGNED, 4 * i), dtype));
    }

    static float toDtype(float value, DType dtype) {
        return switch (dtype) {
            case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
            case BF16 -> toBf16(value);
            default -> value;
        };
    }

    private static float toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) return Float.intBitsToFloat(bits & 0xFFFF0000 | 0x00400000);
        return Float.intBitsToFloat(bits + 0x7FFF + (bits >>> 16 & 1) & 0xFFFF0000);
    }
}
