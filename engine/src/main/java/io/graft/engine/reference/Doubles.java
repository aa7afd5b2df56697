package io.graft.engine.reference;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Tensors as doubles on the heap. */
public final class Doubles {

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Doubles() {}

    /**
     * A tensor's elements, widened exactly.
     *
     * @param tensor F32, BF16 or F16, of less than 2^31 elements
     * @return its elements, row-major
     * @throws IllegalArgumentException for another dtype
     */
    public static double[] of(Tensor tensor) {
        DType dtype = tensor.dtype();
        if (!dtype.isComputable()) throw new IllegalArgumentException(tensor + " is none of F32, BF16, F16");
        MemorySegment bytes = tensor.segment();
        double[] values = new double[Math.toIntExact(tensor.shape().elements())];
        for (int i = 0; i < values.length; i++)
            values[i] = switch (dtype) {
                case F32 -> bytes.get(FLOAT, 4L * i);
                case BF16 -> Float.intBitsToFloat(bytes.get(SHORT, 2L * i) << 16);
                default -> Float.float16ToFloat(bytes.get(SHORT, 2L * i));
            };
        return values;
    }
}
