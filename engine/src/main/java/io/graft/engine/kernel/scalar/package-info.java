/** The kernels without the Vector API: oracle and fallback, to the same bits. */
package io.graft.engine.kernel.scalar;
