package io.graft.engine.kernel.vector;

import static io.graft.engine.kernel.host.Elementary.*;

import io.graft.engine.kernel.host.Elementary;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** {@link Elementary} on vectors, step by step the same; and 16-bit floats widened. Short enough that C2 inlines each. */
final class VectorMath {

    private VectorMath() {}

    static FloatVector exp(FloatVector x) {
        FloatVector v = x.max(EXP_LOW).min(EXP_HIGH);
        FloatVector t = v.fma(FloatVector.broadcast(Memory.SPECIES, LOG2_E), FloatVector.broadcast(Memory.SPECIES, ROUNDER));
        IntVector n = t.reinterpretAsInts().sub(ROUNDER_BITS), half = n.lanewise(VectorOperators.ASHR, 1);
        return expMinus1(v, t.sub(ROUNDER)).add(1).mul(power(half)).mul(power(n.sub(half)));
    }

    /**
     * y = exp(scale x − shift), the steps of {@link #exp} in the loop itself: once C2 has compiled that method alone it no longer inlines it into
     * others ("already compiled into a big method"), and boxes what it returns: 24 to 40 bytes and 4 to 9 ns an element instead of 0.85 (AMD EPYC, Zen 3).
     */
    static void exps(MemorySegment xs, long x, float scale, float shift, MemorySegment ys, long y, int n) {
        MemorySegment xm = Memory.of(xs), ym = Memory.of(ys);
        VectorSpecies<Float> species = Memory.SPECIES;
        FloatVector scales = FloatVector.broadcast(species, scale), shifts = FloatVector.broadcast(species, shift), log2 = FloatVector.broadcast(species, LOG2_E), rounder = FloatVector.broadcast(species, ROUNDER);
        FloatVector lowest = FloatVector.broadcast(species, EXP_LOW), highest = FloatVector.broadcast(species, EXP_HIGH), high = FloatVector.broadcast(species, -LN2_HIGH), low = FloatVector.broadcast(species, -LN2_LOW);
        FloatVector q0 = FloatVector.broadcast(species, Q0), q1 = FloatVector.broadcast(species, Q1), q2 = FloatVector.broadcast(species, Q2), q3 = FloatVector.broadcast(species, Q3), q4 = FloatVector.broadcast(species, Q4);
        int i = 0;
        for (; i + Memory.L <= n; i += Memory.L) {
            FloatVector v = Memory.load(xm, x + 4L * i).mul(scales).sub(shifts).max(lowest).min(highest), t = v.fma(log2, rounder), m = t.sub(rounder);
            FloatVector r = m.fma(low, m.fma(high, v)), q = q4.fma(r, q3).fma(r, q2).fma(r, q1).fma(r, q0), e = r.mul(r).fma(q, r).add(1);
            IntVector whole = t.reinterpretAsInts().sub(ROUNDER_BITS), half = whole.lanewise(VectorOperators.ASHR, 1);
            e = e.mul(half.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
            Memory.store(ym, y + 4L * i, e.mul(whole.sub(half).add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats()));
        }
        for (; i < n; i++) Memory.put(ym, y + 4L * i, Elementary.exp(scale * Memory.get(xm, x + 4L * i) - shift));
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
