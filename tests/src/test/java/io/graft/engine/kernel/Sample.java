package io.graft.engine.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.graft.engine.kernel.host.Widen;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.SplittableRandom;

/** Tensors of seeded numbers for the tests of kernels, and their values in double. */
final class Sample {

    private Sample() {}

    /** Uniform in [-1, 1), rounded to the type. */
    static Tensor random(String name, DType type, long seed, long... sizes) {
        Tensor tensor = Tensor.allocate(name, type, Shape.of(sizes));
        SplittableRandom random = new SplittableRandom(seed);
        for (long i = 0; i < tensor.shape().elements(); i++) {
            float value = (float) (2 * random.nextDouble() - 1);
            switch (type) {
                case F32 -> tensor.segment().setAtIndex(JAVA_FLOAT, i, value);
                case BF16 -> tensor.segment().setAtIndex(JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
                case F16 -> tensor.segment().setAtIndex(JAVA_SHORT, i, Float.floatToFloat16(value));
                default -> throw new IllegalArgumentException(type.toString());
            }
        }
        return tensor;
    }

    /** One value everywhere, so that what was not written shows. */
    static Tensor filled(String name, float value, long... sizes) {
        Tensor tensor = Tensor.allocate(name, DType.F32, Shape.of(sizes));
        for (long i = 0; i < tensor.shape().elements(); i++) tensor.segment().setAtIndex(JAVA_FLOAT, i, value);
        return tensor;
    }

    static double[] values(Tensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.shape().elements())];
        for (int i = 0; i < values.length; i++) values[i] = Widen.element(tensor.dtype(), tensor.segment(), 0, i);
        return values;
    }

    static int[] bits(Tensor tensor) {
        int[] bits = new int[Math.toIntExact(tensor.shape().elements())];
        for (int i = 0; i < bits.length; i++) bits[i] = tensor.segment().getAtIndex(java.lang.foreign.ValueLayout.JAVA_INT, i);
        return bits;
    }
}
