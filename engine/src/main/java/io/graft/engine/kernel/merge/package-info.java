/** Element-wise arithmetic of merges on blocks of native memory: one contract, a scalar twin, a vector implementation with the same bits. */
package io.graft.engine.kernel.merge;
