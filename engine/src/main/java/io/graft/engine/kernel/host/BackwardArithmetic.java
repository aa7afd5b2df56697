package io.graft.engine.kernel.host;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import java.lang.foreign.MemorySegment;

/**
 * The loops of the backward pass, as {@link Arithmetic} is those of the forward pass: all F32. Where a formula has a product and a sum
 * without {@code fma}, both are rounded, in every implementation.
 */
public interface BackwardArithmetic {

    /** Writes an element. */
    void set(MemorySegment xs, long x, float value);

    /** x[i] = 0. */
    void clear(MemorySegment xs, long x, long n);

    /**
     * A row of a norm's gradient: c = x − mean, t = dy (offset + gain), pull = r² mean(c t), dc = r (t − c pull), dx += dc − mean(dc).
     *
     * @param centred whether there is a mean to take off: LayerNorm
     * @param wanted  whether dx is computed
     * @param stats   receives mean and r
     */
    void normGradient(boolean centred, MemorySegment xs, long x, MemorySegment gs, long gain, float offset, float eps, MemorySegment dys, long dy, MemorySegment dxs,
            long dx, boolean wanted, MemorySegment ss, long stats, int n);

    /** sums[i] += dy[i] ((x[i] − mean) r): part of a row of a gain's gradient. */
    void gainGradient(MemorySegment xs, long x, MemorySegment dys, long dy, float mean, float r, MemorySegment ss, long sums, int n);

    /** With s = 1 / (1 + exp(−u)), f = x s and f' = s + f (1 − s) u': dGate = dy up f', dUp = dy f; u is x, or GELU's 2 √(2/π) (x + 0.044715 x³). */
    void gateGradient(Activation activation, MemorySegment gs, long g, MemorySegment us, long u, MemorySegment dys, long dy, MemorySegment dgs, long dg, MemorySegment dus,
            long du, int n);

    /** a[i] = factor exp(z − shift) (1 − (z / cap)²), z = cap tanh(scale a[i] / cap); cap 0 leaves the tanh and the last factor out. */
    void logitGradient(MemorySegment as, long a, float scale, float cap, float shift, float factor, int n);

    /** A step of AdamW on n elements; see {@link AdamWNumbers}. */
    void adamW(MemorySegment ps, long p, MemorySegment gs, long g, MemorySegment ms, long m, MemorySegment vs, long v, AdamWNumbers numbers, int n);

    /** Σ x², in {@link #DOUBLES} lanes of double, then pairwise, halves first. */
    double squares(MemorySegment xs, long x, int n);

    /** The lanes of {@link #squares}. */
    int DOUBLES = 16;

    /** One key head of one sequence, with all its query heads and queries; the segments and offsets are those of the sequence's first rows. */
    void attention(AttentionSpec spec, int kvHead, AttentionRows rows, int queries, int keys, Scratch scratch);

    /**
     * The numbers of a step, rounded once: p = p keep − rate m / (√v / root + eps), m = b1 m + rest1 g, v = b2 v + (rest2 g) g, g = factor gradient.
     *
     * @param keep   1 − lr decay
     * @param rate   lr / (1 − b1^t)
     * @param root   √(1 − b2^t)
     * @param b1     decay of the first moment
     * @param rest1  1 − b1
     * @param b2     decay of the second
     * @param rest2  1 − b2
     * @param eps    added to the root
     * @param factor on the gradient
     */
    record AdamWNumbers(float keep, float rate, float root, float b1, float rest1, float b2, float rest2, float eps, float factor) {}

    /** Where attention's operands are: the first query's and key's rows of one sequence, in bytes. */
    final class AttentionRows {
        public MemorySegment qs, ks, vs, os, dos, dqs, dks, dvs;
        public long q, k, v, o, dO, dq, dk, dv;

        /** {@return all of them moved on by rows of queries and of keys} */
        AttentionRows at(long queryBytes, long keyBytes) {
            AttentionRows moved = new AttentionRows();
            moved.qs = qs;
            moved.ks = ks;
            moved.vs = vs;
            moved.os = os;
            moved.dos = dos;
            moved.dqs = dqs;
            moved.dks = dks;
            moved.dvs = dvs;
            moved.q = q + queryBytes;
            moved.o = o + queryBytes;
            moved.dO = dO + queryBytes;
            moved.dq = dq + queryBytes;
            moved.k = k + keyBytes;
            moved.v = v + keyBytes;
            moved.dk = dk + keyBytes;
            moved.dv = dv + keyBytes;
            return moved;
        }
    }
}
