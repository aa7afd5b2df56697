/** The kernels against their floors: arithmetic peak, memory bandwidth, OpenBLAS. */
package io.graft.bench.kernel;
