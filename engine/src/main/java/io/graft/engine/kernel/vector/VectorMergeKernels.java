package io.graft.engine.kernel.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.graft.engine.kernel.merge.MergeKernels;
import io.graft.engine.kernel.merge.ScalarMergeKernels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Merge kernels in vectors of the machine's width; what is left over at the end goes to the scalar twin.
 *
 * <p>Ordinary segments, checked: blocks are small enough for the first-level cache, and the rate is the memory's anyway.
 */
public final class VectorMergeKernels implements MergeKernels {

    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());
    /** As many shorts as there are floats in a vector. */
    private static final VectorSpecies<Short> S = VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));
    private static final VectorSpecies<Double> D = VectorSpecies.of(double.class, F.vectorShape());
    /** As many floats as there are doubles in a vector. */
    private static final VectorSpecies<Float> HALF = VectorSpecies.of(float.class, VectorShape.forBitSize(F.vectorBitSize() / 2));

    private static final ScalarMergeKernels TAIL = new ScalarMergeKernels();

    /** Stateless. */
    public VectorMergeKernels() {}

    @Override
    public String kind() { return "vector"; }

    @Override
    public void widenBf16(MemorySegment from, long at, MemorySegment to, int count) {
        if (count > 0) from.get(java.lang.foreign.ValueLayout.JAVA_BYTE, at); // see MergeKernels.widen: this may be compiled alone
        int whole = F.loopBound(count);
        for (int i = 0; i < whole; i += F.length()) {
            IntVector wide = (IntVector) ShortVector.fromMemorySegment(S, from, at + 2L * i, LITTLE_ENDIAN).convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0);
            wide.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoMemorySegment(to, 4L * i, LITTLE_ENDIAN);
        }
        if (whole < count) TAIL.widenBf16(from, at + 2L * whole, to.asSlice(4L * whole), count - whole);
    }

    @Override
    public void narrowBf16(MemorySegment x, MemorySegment to, long at, int count) {
        int whole = F.loopBound(count);
        for (int i = 0; i < whole; i += F.length()) {
            IntVector bits = load(x, i).reinterpretAsInts();
            IntVector upper = bits.lanewise(VectorOperators.LSHR, 16);
            IntVector rounded = bits.add(0x7fff).add(upper.and(1)).lanewise(VectorOperators.LSHR, 16);
            VectorMask<Integer> nan = bits.and(0x7fffffff).compare(VectorOperators.GT, 0x7f800000);
            ((ShortVector) rounded.blend(upper.or(0x40), nan).convertShape(VectorOperators.I2S, S, 0)).intoMemorySegment(to, at + 2L * i, LITTLE_ENDIAN);
        }
        if (whole < count) TAIL.narrowBf16(x.asSlice(4L * whole), to, at + 2L * whole, count - whole);
    }

    @Override
    public void scale(MemorySegment x, float factor, MemorySegment to, int count) {
        int whole = F.loopBound(count);
        for (int i = 0; i < whole; i += F.length()) load(x, i).mul(factor).intoMemorySegment(to, 4L * i, LITTLE_ENDIAN);
        if (whole < count) TAIL.scale(x.asSlice(4L * whole), factor, to.asSlice(4L * whole), count - whole);
    }

    @Override
    public void divide(MemorySegment x, float divisor, MemorySegment to, int count) {
        int whole = F.loopBound(count);
        for (int i = 0; i < whole; i += F.length()) load(x, i).div(divisor).intoMemorySegment(to, 4L * i, LITTLE_ENDIAN);
        if (whole < count) TAIL.divide(x.asSlice(4L * whole), divisor, to.asSlice(4L * whole), count - whole);
    }

    @Override
    public void addScaled(MemorySegment x, float factor, MemorySegment to, int count) {
        int whole = F.loopBound(count);
        for (int i = 0; i < whole; i += F.length()) load(to, i).add(load(x, i).mul(factor)).intoMemorySegment(to, 4L * i, LITTLE_ENDIAN);
        if (whole < count) TAIL.addScaled(x.asSlice(4L * whole), factor, to.asSlice(4L * whole), count - whole);
    }

    @Override
    public void scaledDifference(MemorySegment x, MemorySegment y, float factor, MemorySegment to, int count) {
        int whole = F.loopBound(count);
        for (int i = 0; i < whole; i += F.length()) load(x, i).sub(load(y, i)).mul(factor).intoMemorySegment(to, 4L * i, LITTLE_ENDIAN);
        if (whole < count) TAIL.scaledDifference(x.asSlice(4L * whole), y.asSlice(4L * whole), factor, to.asSlice(4L * whole), count - whole);
    }

    @Override
    public void addScaledDifference(MemorySegment x, MemorySegment y, float factor, MemorySegment to, int count) {
        int whole = F.loopBound(count);
        for (int i = 0; i < whole; i += F.length())
            load(to, i).add(load(x, i).sub(load(y, i)).mul(factor)).intoMemorySegment(to, 4L * i, LITTLE_ENDIAN);
        if (whole < count) TAIL.addScaledDifference(x.asSlice(4L * whole), y.asSlice(4L * whole), factor, to.asSlice(4L * whole), count - whole);
    }

    @Override
    public void add(MemorySegment x, MemorySegment y, MemorySegment to, int count) {
        int whole = F.loopBound(count);
        for (int i = 0; i < whole; i += F.length()) load(x, i).add(load(y, i)).intoMemorySegment(to, 4L * i, LITTLE_ENDIAN);
        if (whole < count) TAIL.add(x.asSlice(4L * whole), y.asSlice(4L * whole), to.asSlice(4L * whole), count - whole);
    }

    @Override
    public void subtract(MemorySegment x, MemorySegment y, MemorySegment to, int count) {
        int whole = F.loopBound(count);
        for (int i = 0; i < whole; i += F.length()) load(x, i).sub(load(y, i)).intoMemorySegment(to, 4L * i, LITTLE_ENDIAN);
        if (whole < count) TAIL.subtract(x.asSlice(4L * whole), y.asSlice(4L * whole), to.asSlice(4L * whole), count - whole);
    }

    @Override
    public void blend(MemorySegment x, MemorySegment y, double share, MemorySegment to, int count) {
        double rest = 1 - share;
        int whole = D.loopBound(count);
        for (int i = 0; i < whole; i += D.length()) {
            DoubleVector mixed = doubles(x, i).mul(share).add(doubles(y, i).mul(rest));
            ((FloatVector) mixed.convertShape(VectorOperators.D2F, HALF, 0)).intoMemorySegment(to, 4L * i, LITTLE_ENDIAN);
        }
        if (whole < count) TAIL.blend(x.asSlice(4L * whole), y.asSlice(4L * whole), share, to.asSlice(4L * whole), count - whole);
    }

    /** One group of lanes after the other over the block, which is in the cache, so that one source serves every width. */
    @Override
    public void products(MemorySegment x, MemorySegment y, double[] lanes, int count) {
        int whole = count - count % LANES;
        for (int lane = 0; lane < LANES; lane += D.length()) group(x, y, lanes, lane, whole);
        if (whole < count) TAIL.products(x.asSlice(4L * whole), y.asSlice(4L * whole), lanes, count - whole);
    }

    /** Products of floats are exact in double, so a fused multiply-add rounds as the scalar twin's two operations do. */
    private static void group(MemorySegment x, MemorySegment y, double[] lanes, int lane, int count) {
        DoubleVector xx = DoubleVector.fromArray(D, lanes, lane), yy = DoubleVector.fromArray(D, lanes, LANES + lane), xy = DoubleVector.fromArray(D, lanes, 2 * LANES + lane);
        for (int i = lane; i < count; i += LANES) {
            DoubleVector a = doubles(x, i), b = doubles(y, i);
            xx = a.fma(a, xx);
            yy = b.fma(b, yy);
            xy = a.fma(b, xy);
        }
        xx.intoArray(lanes, lane);
        yy.intoArray(lanes, LANES + lane);
        xy.intoArray(lanes, 2 * LANES + lane);
    }

    private static FloatVector load(MemorySegment s, int i) { return FloatVector.fromMemorySegment(F, s, 4L * i, LITTLE_ENDIAN); }

    private static DoubleVector doubles(MemorySegment s, int i) {
        return (DoubleVector) FloatVector.fromMemorySegment(HALF, s, 4L * i, LITTLE_ENDIAN).convertShape(VectorOperators.F2D, D, 0);
    }
}
