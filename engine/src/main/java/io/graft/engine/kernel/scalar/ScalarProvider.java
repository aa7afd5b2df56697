package io.graft.engine.kernel.scalar;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.KernelsProvider;
import io.graft.engine.kernel.host.HostKernels;

/** Offers the scalar kernels, which run anywhere. */
public final class ScalarProvider implements KernelsProvider {

    @Override
    public String name() { return "scalar"; }

    @Override
    public int rank() { return 0; }

    @Override
    public String unavailable() { return null; }

    @Override
    public Kernels open(int threads) { return new HostKernels("scalar", new ScalarArithmetic(), threads); }
}
