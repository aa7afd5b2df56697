package io.graft.engine.kernel.host;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;

/**
 * The loops over elements, each over a part of the output that one worker computes. {@link io.graft.engine.kernel.Kernels}
 * defines what they compute, to the bit.
 *
 * <p>Every operand is a pair (segment, byte offset), as {@link Operand} explains; sizes are in elements, all F32 unless a type
 * is passed. Nothing is checked here. Whatever reads a weight must survive a truncated mapping with an {@link InternalError}.
 */
public interface Arithmetic {

    /** Attention takes keys in blocks of this many, from the start of their sequence. */
    int KEYS = 128;

    /** {@return an element} */
    float get(MemorySegment xs, long x);

    /** {@return whether operands come as raw addresses} */
    boolean raw();

    /** y[i] = scale x[i], widened from any computable type. */
    void widen(DType type, MemorySegment xs, long x, float scale, MemorySegment ys, long y, int n);

    /** y[i] = a[i] + scale b[i], fused. */
    void add(MemorySegment as, long a, MemorySegment bs, long b, float scale, MemorySegment ys, long y, int n);

    /** y[i] = cap tanh(scale x[i] / cap); cap 0 leaves the tanh out. */
    void scale(MemorySegment xs, long x, float scale, float cap, MemorySegment ys, long y, int n);

    /** y[i] = activation(gate[i]) up[i]. */
    void gate(Activation activation, MemorySegment gs, long g, MemorySegment us, long u, MemorySegment ys, long y, int n);

    /** A row y = x / sqrt(mean(x^2) + eps) (offset + gain). */
    void rmsNorm(MemorySegment xs, long x, MemorySegment gs, long gain, float offset, float eps, MemorySegment ys, long y, int n);

    /** A row y = (x - mean) / sqrt(variance + eps) gain. */
    void layerNorm(MemorySegment xs, long x, MemorySegment gs, long gain, float eps, MemorySegment ys, long y, int n);

    /** A row of heads, each turned by cos and sin (half). */
    void rope(MemorySegment xs, long x, int heads, int headDim, MemorySegment cs, long cos, MemorySegment ss, long sin, int half, boolean pairs);

    /** The largest element of a row of 1 or more. */
    float max(MemorySegment xs, long x, int n);

    /** y[i] = exp(x[i] - shift), and their sum in lanes. */
    float expSum(MemorySegment xs, long x, float shift, MemorySegment ys, long y, int n);

    /** The index of the largest element, the first of equals. */
    int argmax(MemorySegment xs, long x, int n);

    /** {@return bytes of shared scratch that {@link #spread} fills; 0 if {@link #lanes} reads x itself} */
    long spreadBytes(DType weights, int rows, int k);

    /** Prepares x (rows, k) for {@link #lanes} with weights of a type, once for all workers. */
    void spread(DType weights, MemorySegment xs, long x, int rows, int k, MemorySegment ts, long to);

    /** y[r, j] = x[r] . w[j] in lanes, for j from a column to another; x as {@link #spread} wrote it, y's rows n apart. */
    void lanes(MemorySegment xs, long x, int rows, int k, DType type, MemorySegment ws, long w, MemorySegment ys, long y, long n, long from, long to,
            Scratch scratch);

    /** {@return into how many rows {@link #pack} groups a} */
    int packRows();

    /** {@return how many columns of a product are computed together} */
    int panelColumns();

    /** {@return bytes that {@link #pack} fills for m rows of k} */
    long packBytes(int m, int k);

    /** Packs groups of rows of a (m, k), or of its transpose, whose rows in memory are {@code stride} elements apart. */
    void pack(DType type, MemorySegment as, long a, long stride, boolean transposed, int m, int k, MemorySegment ps, long packed, int fromGroup, int toGroup);

    /** Columns of c (m, n) (+)= packed a . b; b's rows in memory are {@code bStride} elements apart, c's {@code cStride}. */
    void multiply(MemorySegment ps, long packed, int m, int k, DType type, MemorySegment bs, long b, long bStride, boolean transposed, MemorySegment cs, long c,
            long cStride, long fromColumn, long toColumn, boolean accumulate, Scratch scratch);

    /** {@return how many queries of one sequence {@link #attend} takes at once} */
    int queryBlock(AttentionSpec spec);

    /**
     * Queries of one sequence against one key head; rows lie as the heads say.
     *
     * @param q     the first query's row
     * @param k     the sequence's first key's row
     * @param v     the sequence's first value's row
     * @param o     the first query's row of the output
     * @param first the first query's position
     * @param count how many queries, at most {@link #queryBlock}
     */
    void attend(AttentionSpec spec, int kvHead, MemorySegment qs, long q, MemorySegment ks, long k, MemorySegment vs, long v, MemorySegment os, long o, int first,
            int count, Scratch scratch);

    /** {@return the loops of the backward pass} */
    BackwardArithmetic backward();
}
