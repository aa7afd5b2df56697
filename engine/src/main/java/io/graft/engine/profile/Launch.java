package io.graft.engine.profile;

/**
 * One launch of a kernel.
 *
 * @param operation such as {@code linear}
 * @param shape     of its operands, such as {@code [1, 576] x [1536, 576] BF16}
 * @param bytes     operands read and results written, each once
 * @param flops     floating-point operations, a fused multiply-add counting as two
 * @param start     in nanoseconds since profiling began
 * @param duration  in nanoseconds
 */
public record Launch(String operation, String shape, long bytes, long flops, long start, long duration) {}
