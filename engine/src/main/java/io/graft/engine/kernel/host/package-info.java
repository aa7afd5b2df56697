/** What kernels in host memory share: checks, lifetimes of operands, how work is split; not exported. */
package io.graft.engine.kernel.host;
