package io.graft.engine.kernel.vector;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.KernelsProvider;

/** Offers the vector kernels where the module jdk.incubator.vector is; loads none of its classes before that is known. */
public final class VectorProvider implements KernelsProvider {

    @Override
    public String name() { return "vector"; }

    @Override
    public int rank() { return 100; }

    @Override
    public String unavailable() {
        return "the JVM was started without the Vector API, so everything is slower; add --add-modules jdk.incubator.vector";
    }

    @Override
    public Kernels open(int threads) { throw new IllegalStateException(unavailable()); }
}
