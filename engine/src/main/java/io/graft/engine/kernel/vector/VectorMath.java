package io.graft.engine.kernel.vector;

import static io.graft.engine.kernel.host.Elementary.*;

import io.graft.engine.kernel.host.Elementary;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** {@link Elementary} on vectors, step by step the same; and 16-bit floats widened. Short enough that C2 inlines each. */
final class VectorMath {

    private VectorMath() {}

    static FloatVector exp(FloatVector x) {
        FloatVector v = x.max(EXP_LOW).min(EXP_HIGH);
        FloatVector t = v.fma(FloatVector.broadcast(Memory.SPECIES, LOG2_E), FloatVector.broadcast(Memory.SPECIES, ROUNDER));
        IntVector n = t.reinterpretAsInts().sub(ROUNDER_BITS), half = n.lanewise(VectorOperators.ASHR, 1);
        return expMinus1(v, t.sub(ROUNDER)).add(1).mul(power(half)).mul(power(n.sub(half)));
    }

    static FloatVector tanh(FloatVector x) {
        FloatVector v = x.max(-TANH_HIGH).min(TANH_HIGH).mul(2);
        FloatVector t = v.fma(FloatVector.broadcast(Memory.SPECIES, LOG2_E), FloatVector.broadcast(Memory.SPECIES, ROUNDER));
        FloatVector power = power(t.reinterpretAsInts().sub(ROUNDER_BITS));
        FloatVector m = power.fma(expMinus1(v, t.sub(ROUNDER)), power.sub(1));
        return m.div(m.add(2));
    }

    private static FloatVector expMinus1(FloatVector v, FloatVector n) {
        FloatVector high = n.fma(FloatVector.broadcast(Memory.SPECIES, -LN2_HIGH), v), r = n.fma(FloatVector.broadcast(Memory.SPECIES, -LN2_LOW), high);
        FloatVector q = FloatVector.broadcast(Memory.SPECIES, Q4).fma(r, FloatVector.broadcast(Memory.SPECIES, Q3));
        q = q.fma(r, FloatVector.broadcast(Memory.SPECIES, Q2)).fma(r, FloatVector.broadcast(Memory.SPECIES, Q1));
        return r.mul(r).fma(q.fma(r, FloatVector.broadcast(Memory.SPECIES, Q0)), r);
    }

    private static FloatVector power(IntVector n) { return n.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats(); }

    /** Halves in the low 16 bits of each lane, the rest anything. Exact; subnormals, infinities and NaN too. */
    static FloatVector widenHalf(IntVector h) {
        IntVector magnitude = h.and(0x7fff).lanewise(VectorOperators.LSHL, 13), sign = h.lanewise(VectorOperators.LSHL, 16).and(0x80000000);
        IntVector bits = magnitude.reinterpretAsFloats().mul(0x1p112f).reinterpretAsInts();
        IntVector finite = magnitude.sub(0x0f800000).lanewise(VectorOperators.ASHR, 31); // all ones, and no mask: those are slow at 256 bits
        return bits.or(finite.not().and(0x7f800000)).or(sign).reinterpretAsFloats();
    }

    /** Brain floats in the low 16 bits of each lane, the rest anything. */
    static FloatVector widenBrain(IntVector b) { return b.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(); }
}
