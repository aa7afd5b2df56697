package io.graft.engine.model;

import io.graft.engine.kernel.Kernels;

/**
 * A language model, ready to run: an architecture, its weights, and the kernels that compute. Weights are shared by all of its
 * {@linkplain Session sessions}, of which any number may run at a time, each on a thread of its own.
 *
 * <pre>{@code
 * try (CausalLm model = new CausalLm(architecture, weights, kernels); Session session = model.session(); KvCache text = session.cache(100)) {
 *     session.run(new Batch().add(text, ids, 0, ids.length));
 *     session.logits(new int[] {ids.length - 1}, 1, (_, logits) -> System.out.println(logits[7]));
 * }
 * }</pre>
 */
public final class CausalLm implements AutoCloseable {

    /** Rows of a pass unless asked otherwise: enough to be bound by arithmetic, not by reading weights. */
    private static final int ROWS = 512;

    private final Architecture architecture;
    private final WeightSource source;
    private final Weights weights;
    private final Kernels kernels;

    /**
     * A model.
     *
     * @param architecture what it computes
     * @param source       its weights, which this closes
     * @param kernels      what computes; shared, not closed
     * @throws io.graft.engine.RequestException if a weight is missing, does not fit or is not used
     */
    public CausalLm(Architecture architecture, WeightSource source, Kernels kernels) {
        this.architecture = architecture;
        this.source = source;
        this.kernels = kernels;
        this.weights = new Weights(architecture, source, kernels);
    }

    /** {@return what it computes} */
    public Architecture architecture() { return architecture; }

    /** {@return its weights} */
    public WeightSource source() { return source; }

    /** {@return a session with passes of up to 512 rows; close it before the model} */
    public Session session() { return session(ROWS); }

    /**
     * A session.
     *
     * @param rows the most tokens of a pass; memory grows with it
     * @return the session; close it before the model
     */
    public Session session(int rows) { return new Session(architecture, weights, kernels, rows, false); }

    /**
     * A session whose passes, logits and losses never have so few rows that a kernel for {@link Kernels#FEW} rows would compute
     * them: what is missing is filled up and thrown away. So a text has the same bits whatever shares its passes, and however
     * it is cut into them. Slower for a single text.
     *
     * @return a session with passes of up to 512 rows; close it before the model
     */
    public Session steadySession() { return new Session(architecture, weights, kernels, ROWS, true); }

    /** Closes the weights. A session that runs on is an exception then, not a crash. */
    @Override
    public void close() { source.close(); }
}
