package io.graft.engine.generate;

import io.graft.engine.RequestException;
import io.graft.engine.model.Batch;
import io.graft.engine.model.CausalLm;
import io.graft.engine.model.KvCache;
import io.graft.engine.model.Session;

/** Makes a vector of a text: its hidden states after the final norm, pooled. For one thread; any number may share a model. */
public final class Embedder implements AutoCloseable {

    private final Session session;
    private final Batch batch = new Batch();
    private final int hidden;

    /** Which hidden states make the vector. */
    public enum Pooling {
        /** The mean over all tokens. */
        MEAN,
        /** That of the last token. */
        LAST
    }

    /**
     * An embedder with memory of its own.
     *
     * @param model the model, which must stay open; this does not close it
     */
    public Embedder(CausalLm model) {
        this.session = model.session();
        this.hidden = model.architecture().hidden();
    }

    /**
     * The vector of a text.
     *
     * @param ids     its tokens, one or more
     * @param pooling which hidden states make it
     * @return [H], not normalised; the mean is summed in double
     * @throws RequestException if there is no token, or one that is not in the vocabulary
     */
    public float[] embed(int[] ids, Pooling pooling) {
        if (ids.length == 0) throw new RequestException("text", "it has no token", "at least 1", 0);
        float[] row = new float[hidden];
        double[] sum = new double[hidden];
        try (KvCache cache = session.cache(ids.length)) {
            for (int at = 0; at < ids.length;) {
                int count = Math.min(ids.length - at, session.rows());
                batch.clear();
                session.run(batch.add(cache, ids, at, at + count));
                at += count;
                for (int i = pooling == Pooling.MEAN ? 0 : count - 1; i < count; i++) {
                    session.hidden(i, row);
                    for (int d = 0; d < hidden; d++) sum[d] += row[d];
                }
            }
        }
        if (pooling == Pooling.LAST) return row;
        for (int d = 0; d < hidden; d++) row[d] = (float) (sum[d] / ids.length);
        return row;
    }

    /** Frees the embedder's memory; the model stays open. */
    @Override
    public void close() { session.close(); }
}
