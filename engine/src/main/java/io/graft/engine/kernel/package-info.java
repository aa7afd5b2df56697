/** The seam between models and arithmetic: {@link io.graft.engine.kernel.Kernels}, how one is chosen, and who works for it. */
package io.graft.engine.kernel;
