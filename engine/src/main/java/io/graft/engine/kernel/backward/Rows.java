package io.graft.engine.kernel.backward;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.graft.engine.memory.Tensor;
import java.lang.foreign.MemorySegment;

/** Rows of tensors on the heap, where C2 vectorises plain loops. */
final class Rows {

    private Rows() {}

    static void read(MemorySegment from, long element, float[] to, int n) {
        MemorySegment.copy(from, JAVA_FLOAT_UNALIGNED, 4 * element, to, 0, n);
    }

    static void write(float[] from, MemorySegment to, long element, int n) {
        MemorySegment.copy(from, 0, to, JAVA_FLOAT_UNALIGNED, 4 * element, n);
    }

    /** Reads a vector of any computable type, widened. */
    static float[] widen(Tensor vector) {
        int n = Math.toIntExact(vector.shape().elements());
        float[] values = new float[n];
        MemorySegment from = vector.segment();
        switch (vector.dtype()) {
            case F32 -> read(from, 0, values, n);
            case BF16 -> {
                for (int i = 0; i < n; i++) values[i] = Float.intBitsToFloat(from.get(JAVA_SHORT_UNALIGNED, 2L * i) << 16);
            }
            case F16 -> {
                for (int i = 0; i < n; i++) values[i] = Float.float16ToFloat(from.get(JAVA_SHORT_UNALIGNED, 2L * i));
            }
            default -> throw new IllegalArgumentException(vector + " is no F32, BF16 or F16");
        }
        return values;
    }
}
