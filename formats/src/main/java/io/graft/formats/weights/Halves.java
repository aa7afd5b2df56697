package io.graft.formats.weights;

import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** F32 values that BF16 or F16 hold exactly, stored as such. */
final class Halves {

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Halves() {}

    static void narrow(MemorySegment from, MemorySegment to, long offset, int count, DType dtype) {
        for (int i = 0; i < count; i++) {
            float value = from.get(FLOAT, 4L * i);
            short half = dtype == DType.BF16 ? (short) (Float.floatToRawIntBits(value) >>> 16) : Float.floatToFloat16(value);
            to.set(SHORT, offset + 2L * i, half);
        }
    }
}
