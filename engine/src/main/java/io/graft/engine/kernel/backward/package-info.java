/**
 * The backward pass of every operation that {@link io.graft.engine.kernel.Kernels} computes forward, and the optimizer's step.
 *
 * <p>Matrix products go through {@code Kernels.matmul}; what remains is one implementation for every machine: plain loops over
 * rows copied to the heap, with sums in fixed lanes, which C2 vectorises by itself and which give the same bits at any width.
 */
package io.graft.engine.kernel.backward;
