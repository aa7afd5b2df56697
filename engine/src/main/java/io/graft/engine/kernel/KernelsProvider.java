package io.graft.engine.kernel;

/**
 * Offers an implementation of {@link Kernels}. A module of its own (one for a GPU, say) provides it as a service; Graft's
 * own two need no declaration.
 */
public interface KernelsProvider {

    /** {@return the name that forces it, such as {@code vector}} */
    String name();

    /** {@return its rank: the highest that is available is chosen. Scalar has 0, vector 100} */
    int rank();

    /**
     * Says whether it can run here, without loading what might be missing.
     *
     * @return null if it can; else the reason and what to do about it, as a sentence
     */
    String unavailable();

    /**
     * Starts it.
     *
     * @param threads how many work, the caller of an operation included; 1 or more
     * @return the kernels; close them
     */
    Kernels open(int threads);
}
