package io.graft.merge.method;

import java.lang.foreign.MemorySegment;

/**
 * Three blocks of {@link Arithmetic#BLOCK} floats that a thread computes in: small enough to stay in its first-level cache.
 *
 * @param result where a block's result comes to stand
 * @param x      an operand
 * @param y      another
 */
public record Registers(MemorySegment result, MemorySegment x, MemorySegment y) {

    /** What they take, in bytes. */
    public static final long BYTES = 3 * 4L * Arithmetic.BLOCK;

    /**
     * Cuts them out of a thread's scratch.
     *
     * @param scratch native memory
     * @param at      where they begin in it, in bytes
     * @return the registers
     */
    public static Registers at(MemorySegment scratch, long at) {
        long each = 4L * Arithmetic.BLOCK;
        return new Registers(scratch.asSlice(at, each), scratch.asSlice(at + each, each), scratch.asSlice(at + 2 * each, each));
    }
}
