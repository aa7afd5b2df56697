package io.graft.formats.safetensors;

import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Widens stored elements to F32, exactly. */
final class Widening {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Widening() {}

    /**
     * Widens halves that lie in the second half of a block to the whole block. The first half of those left always widens into
     * bytes before all of them, so that no loop reads what it writes; the last few go one by one, each read before it is written.
     *
     * @param block count * 4 bytes, the stored elements in its last count * 2
     */
    static void widenInPlace(DType dtype, MemorySegment block, int count) {
        int done = 0;
        while (done < count) {
            int left = count - done, now = Math.max(1, left / 2);
            MemorySegment from = block.asSlice(4L * count - 2L * left, 2L * now), to = block.asSlice(4L * done, 4L * now);
            if (dtype == DType.BF16) bf16(from, to, now);
            else f16(from, to, now);
            done += now;
        }
    }

    private static void bf16(MemorySegment from, MemorySegment to, int count) {
        for (int i = 0; i < count; i++) to.set(INT, 4L * i, from.get(SHORT, 2L * i) << 16);
    }

    private static void f16(MemorySegment from, MemorySegment to, int count) {
        for (int i = 0; i < count; i++) to.set(FLOAT, 4L * i, Float.float16ToFloat(from.get(SHORT, 2L * i)));
    }
}
