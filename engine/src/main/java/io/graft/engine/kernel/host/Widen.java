package io.graft.engine.kernel.host;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;

/** Reads an element of any type that Graft computes with, exactly, as F32. */
public final class Widen {

    private Widen() {}

    /**
     * One element.
     *
     * @param type    F32, BF16 or F16
     * @param segment where
     * @param at      byte offset of element 0
     * @param index   which
     * @return its value
     */
    public static float element(DType type, MemorySegment segment, long at, long index) {
        return switch (type) {
            case F32 -> segment.get(JAVA_FLOAT_UNALIGNED, at + 4 * index);
            case BF16 -> Float.intBitsToFloat(segment.get(JAVA_SHORT_UNALIGNED, at + 2 * index) << 16);
            case F16 -> Float.float16ToFloat(segment.get(JAVA_SHORT_UNALIGNED, at + 2 * index));
            default -> throw new IllegalArgumentException("expected F32, BF16 or F16, found " + type);
        };
    }

    /**
     * A run of elements.
     *
     * @param type    F32, BF16 or F16
     * @param segment where
     * @param at      byte offset of the first
     * @param stride  elements from one to the next
     * @param to      receives them
     * @param from    index of the first there
     * @param step    indices from one to the next there
     * @param n       how many
     */
    public static void run(DType type, MemorySegment segment, long at, long stride, float[] to, int from, int step, int n) {
        switch (type) {
            case F32 -> {
                for (int i = 0; i < n; i++) to[from + i * step] = segment.get(JAVA_FLOAT_UNALIGNED, at + 4 * i * stride);
            }
            case BF16 -> {
                for (int i = 0; i < n; i++) to[from + i * step] = Float.intBitsToFloat(segment.get(JAVA_SHORT_UNALIGNED, at + 2 * i * stride) << 16);
            }
            case F16 -> {
                for (int i = 0; i < n; i++) to[from + i * step] = Float.float16ToFloat(segment.get(JAVA_SHORT_UNALIGNED, at + 2 * i * stride));
            }
            default -> throw new IllegalArgumentException("expected F32, BF16 or F16, found " + type);
        }
    }
}
