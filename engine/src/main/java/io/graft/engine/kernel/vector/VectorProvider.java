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
        boolean there = ModuleLayer.boot().findModule("jdk.incubator.vector").filter(VectorProvider.class.getModule()::canRead).isPresent();
        return there ? null : "the JVM was started without the Vector API, so everything is slower; add --add-modules jdk.incubator.vector";
    }

    @Override
    public Kernels open(int threads) {
        String reason = unavailable();
        if (reason != null) throw new IllegalStateException(reason);
        return Opener.open(threads);
    }
}
