package io.graft.engine.model;

import io.graft.engine.kernel.Kernels;

/** The kernels of tests of models: those that {@code -Dgraft.kernels} names, else the default. Open as long as the JVM. */
final class TestKernels {

    static final Kernels SHARED = Kernels.open(null, 2);

    private TestKernels() {}
}
