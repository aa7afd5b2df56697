/** Memory, kernels, autograd, models and training of Graft; depends on nothing but the JDK. */
module io.graft.engine {
    requires static jdk.incubator.vector;
    requires static jdk.jfr;

    exports io.graft.engine;
    exports io.graft.engine.generate;
    exports io.graft.engine.kernel;
    exports io.graft.engine.autograd;
    exports io.graft.engine.kernel.backward;
    exports io.graft.engine.profile;
    exports io.graft.engine.memory;
    exports io.graft.engine.model;
    exports io.graft.engine.train;
    exports io.graft.engine.reference;

    uses io.graft.engine.kernel.KernelsProvider;
}
