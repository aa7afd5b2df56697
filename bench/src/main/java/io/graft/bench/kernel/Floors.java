package io.graft.bench.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** What the hardware gives at most: fused multiply-adds in registers, and bytes read by plain vector loads. */
final class Floors {

    static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final int W = SPECIES.vectorByteSize();

    private Floors() {}

    /**
     * Twelve chains, as many as the SGEMM tile has: {@code 24 n SPECIES.length()} flops. Each chain is the addend: as a factor it ran at 86
     * GFLOP/s where this runs at 101 to 103 (AMD EPYC, Zen 3, 256 bits), below what OpenBLAS reaches.
     */
    static float multiplyAdds(int n, float seed) {
        FloatVector x = FloatVector.broadcast(SPECIES, seed), y = FloatVector.broadcast(SPECIES, 1 - seed);
        FloatVector a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int r = 0; r < n; r++) {
            a = x.fma(y, a);
            b = x.fma(y, b);
            c = x.fma(y, c);
            d = x.fma(y, d);
            e = x.fma(y, e);
            f = x.fma(y, f);
            g = x.fma(y, g);
            h = x.fma(y, h);
            i = x.fma(y, i);
            j = x.fma(y, j);
            k = x.fma(y, k);
            l = x.fma(y, l);
        }
        return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).add(k).add(l).lane(0);
    }

    /** Sums bytes, a multiple of eight vectors, from an address. */
    static float read(long at, long bytes) {
        FloatVector a = FloatVector.zero(SPECIES), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
        for (long i = 0; i < bytes; i += 8L * W) {
            a = a.add(load(at));
            b = b.add(load(at + W));
            c = c.add(load(at + 2 * W));
            d = d.add(load(at + 3 * W));
            e = e.add(load(at + 4 * W));
            f = f.add(load(at + 5 * W));
            g = g.add(load(at + 6 * W));
            h = h.add(load(at + 7 * W));
            at += 8L * W;
        }
        return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).lane(0);
    }

    private static FloatVector load(long at) { return FloatVector.fromMemorySegment(SPECIES, ALL, at, ByteOrder.LITTLE_ENDIAN); }
}
