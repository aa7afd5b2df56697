package io.graft.engine.kernel.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * How vectors meet memory: their width, and whether addresses are raw.
 *
 * <p>Raw addresses go through one constant segment over all memory, of which C2 knows that no access can be outside and that it
 * is never closed: the SGEMM tile runs at 94 instead of 60 to 67 GFLOP/s (AMD EPYC, Zen 3, 256 bits). That is restricted, so it
 * is done only where the module was granted native access. Everything is static and final, so that C2 folds it.
 */
final class Memory {

    static final VectorSpecies<Float> SPECIES = VectorSpecies.of(float.class, shape());
    static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, SPECIES.vectorShape());
    /** As many shorts as {@link #SPECIES} has floats. */
    static final VectorSpecies<Short> HALVES = VectorSpecies.of(short.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));
    /** Half as many doubles as there are floats in {@link #SPECIES}, and as many floats. */
    static final VectorSpecies<Double> DOUBLES = VectorSpecies.of(double.class, SPECIES.vectorShape());
    private static final VectorSpecies<Float> FEW = VectorSpecies.of(float.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));
    /** Floats in a vector. */
    static final int L = SPECIES.length();
    /** Bytes of a vector. */
    static final int W = SPECIES.vectorByteSize();
    static final boolean RAW = Memory.class.getModule().isNativeAccessEnabled();
    static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
    /**
     * Read where mapped memory may be loaded: it marks the compiled code as one that touches raw memory. A byte of the segment itself
     * would do so too, but its access takes so many nodes that C2 stops inlining at the end of a loop of eight loads, and boxes vectors.
     */
    private static final ByteBuffer MARK = ByteBuffer.allocateDirect(1);
    private static final MemorySegment ALL = RAW ? MemorySegment.NULL.reinterpret(Long.MAX_VALUE) : null;

    private Memory() {}

    private static VectorShape shape() {
        int preferred = VectorShape.preferredShape().vectorBitSize(), asked = Integer.getInteger("graft.vector.bits", preferred);
        return VectorShape.forBitSize(Math.max(128, Math.min(asked, 512)));
    }

    /** {@return what to address: the whole memory where addresses are raw, else the segment} */
    static MemorySegment of(MemorySegment segment) { return RAW ? ALL : segment; }

    static FloatVector load(MemorySegment s, long at) { return FloatVector.fromMemorySegment(SPECIES, s, at, LITTLE); }

    /** As many floats as {@link #DOUBLES} has doubles. */
    static FloatVector loadFew(MemorySegment s, long at) { return FloatVector.fromMemorySegment(FEW, s, at, LITTLE); }

    /**
     * A vector of what may be mapped, as may those below. The unused byte marks the compiled code, in whichever method C2 puts this,
     * so that a truncated file is an error and not the end of the JVM; the load itself C2 drops.
     */
    static FloatVector loadWeight(MemorySegment s, long at) {
        MARK.get(0);
        return FloatVector.fromMemorySegment(SPECIES, s, at, LITTLE);
    }

    static IntVector loadInts(MemorySegment s, long at) {
        MARK.get(0);
        return IntVector.fromMemorySegment(INTS, s, at, LITTLE);
    }

    static ShortVector loadHalves(MemorySegment s, long at) {
        MARK.get(0);
        return ShortVector.fromMemorySegment(HALVES, s, at, LITTLE);
    }

    static void store(MemorySegment s, long at, FloatVector v) { v.intoMemorySegment(s, at, LITTLE); }

    static float get(MemorySegment s, long at) { return s.get(JAVA_FLOAT_UNALIGNED, at); }

    static void put(MemorySegment s, long at, float value) { s.set(JAVA_FLOAT_UNALIGNED, at, value); }

    static void zero(MemorySegment s, long at, int n) {
        for (int i = 0; i < n; i++) put(s, at + 4L * i, 0);
    }

    /** Of an aligned float: the tile ran at 91 GFLOP/s with it and at 43 with an unaligned one (AMD EPYC, Zen 3, 256 bits, one thread's CPU time). */
    static FloatVector broadcast(MemorySegment s, long at) { return FloatVector.broadcast(SPECIES, s.get(JAVA_FLOAT, at)); }
}
