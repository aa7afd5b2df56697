package io.graft.engine.model;

import io.graft.engine.RequestException;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;

/**
 * Passes over a model with memory of their own, planned once: after the first pass none allocates native memory. For one thread;
 * a model has any number of them.
 *
 * <p>A pass computes the hidden states of all rows of a {@link Batch}. Logits are made of the rows that are asked for, only.
 */
public final class Session implements AutoCloseable {

    /** Bytes of logits that are made at a time. */
    private static final long LOGIT_BYTES = 16 << 20;
    /** What fills up a pass that has too few rows. */
    private static final int[] FILLING = new int[Kernels.FEW + 1];

    private final Architecture architecture;
    private final Weights weights;
    private final Kernels kernels;
    private final Forward forward;
    private final int rows, logitRows, least;
    /** Text of the rows that fill up a pass; null where none ever does. */
    private final KvCache filling;
    private final Tensor logits, loss, logSumExp;
    private final float[] row;
    private int ran;
    private Batch layered;

    /** Takes rows of logits, in the order asked for. */
    @FunctionalInterface
    public interface LogitRows {

        /**
         * A row.
         *
         * @param index which of the rows asked for, from 0
         * @param logits of every token; reused for the next row
         */
        void row(int index, float[] logits);
    }

    Session(Architecture architecture, Weights weights, Kernels kernels, int rows, boolean steady) {
        this.least = steady ? Kernels.FEW + 1 : 1;
        if (rows < least) throw new IllegalArgumentException("a session of " + rows + " rows; expected at least " + least);
        this.architecture = architecture;
        this.weights = weights;
        this.kernels = kernels;
        this.rows = rows;
        this.logitRows = Math.clamp(LOGIT_BYTES / (4L * architecture.vocabulary()), least, rows);
        this.forward = new Forward(architecture, weights, kernels, rows);
        this.logits = kernels.allocate("logits", Shape.of(logitRows, architecture.vocabulary()));
        this.loss = kernels.allocate("losses", Shape.of(rows));
        this.logSumExp = kernels.allocate("logarithms of sums", Shape.of(rows));
        this.row = new float[architecture.vocabulary()];
        this.filling = steady ? cache(least) : null;
    }

    /** {@return the most rows of a pass} */
    public int rows() { return rows; }

    /**
     * The memory of a text.
     *
     * @param capacity how many positions it will have; more make it grow
     * @return an empty cache; close it
     */
    public KvCache cache(int capacity) { return cache(capacity, 0); }

    /**
     * The memory of many texts.
     *
     * @param texts    how many
     * @param capacity positions of each, at most
     * @return empty caches in one block; close it
     */
    public KvPool pool(int texts, int capacity) { return new KvPool(kernels, architecture, texts, capacity); }

    /** The memory of a text whose first token stands at another position than 0. */
    KvCache cache(int capacity, int firstPosition) { return new KvCache(kernels, architecture, capacity, firstPosition); }

    /**
     * Computes the hidden states of a batch, whose texts go on where their caches end, and adds it to the caches.
     *
     * @param batch 1 to {@link #rows} rows
     * @throws RequestException                 if a token is not in the vocabulary
     * @throws io.graft.engine.RunException     if a weight's file changed under it; the caches are as they were
     * @throws IllegalStateException            if the model, the session or a cache is closed
     */
    public void run(Batch batch) { run(batch, null); }

    /**
     * The same, watched.
     *
     * @param batch    1 to {@link #rows} rows
     * @param observer sees hidden states; null for nobody
     */
    public void run(Batch batch, Observer observer) {
        check(batch);
        ran = 0;
        int asked = batch.rows();
        if (asked < least) {
            batch.add(filling, FILLING, 0, least - asked);
            try {
                forward.run(batch, observer);
            } finally {
                batch.removeLast();
            }
        } else {
            forward.run(batch, observer);
        }
        ran = asked;
        for (int part = 0; part < batch.parts(); part++) batch.cache(part).advance(batch.end(part) - batch.first(part));
    }

    private void check(Batch batch) {
        if (batch.rows() < 1 || batch.rows() > rows) throw new IllegalArgumentException("a pass of " + batch.rows() + " rows; expected 1 to " + rows);
        for (int at = 0; at < batch.rows(); at++) {
            int id = batch.id(at);
            if (id < 0 || id >= architecture.vocabulary())
                throw new RequestException("token " + id, "it is not in the vocabulary", "0 to " + (architecture.vocabulary() - 1), id);
        }
    }

    /**
     * Begins a pass that is run by the layer, so that it may come from another model's session, or go on in one: models that share their first
     * layers compute them once. Caches serve as scratch and are not added to: one set of them serves the sessions of all models in turn.
     *
     * <pre>{@code
     * session.begin(batch);
     * session.embed();                             // or session.enter(stream), what another model's session left
     * for (int layer = 0; layer < layers; layer++) session.layer(layer);
     * session.finish();                            // or session.enterFinished(hidden)
     * session.losses(rows, targets, losses, best);
     * }</pre>
     *
     * @param batch 1 to {@link #rows} rows of texts whose caches are empty
     */
    public void begin(Batch batch) {
        check(batch);
        layered = batch;
        ran = 0;
        forward.begin(batch);
    }

    /** Makes the stream of the tokens' embeddings. */
    public void embed() { forward.embed(layered); }

    /**
     * Adds a layer to the stream.
     *
     * @param index which, from 0
     */
    public void layer(int index) { forward.block(index, layered, null); }

    /** {@return (rows, hidden): the stream between the layers, valid until the next pass; copy what is to stay} */
    public Tensor stream() { return forward.stream(); }

    /**
     * Goes on with a stream.
     *
     * @param stream (rows, hidden), copied
     */
    public void enter(Tensor stream) { kernels.copy(stream, forward.stream()); }

    /** Ends the pass by the final norm: {@link #losses} and {@link #logits} can be asked. */
    public void finish() {
        forward.finish();
        ran = layered.rows();
    }

    /** {@return (rows, hidden): what the final norm made, valid until the next pass} */
    public Tensor finished() { return forward.hidden(); }

    /**
     * Ends the pass by what another model's final norm made.
     *
     * @param hidden (rows, hidden), copied
     */
    public void enterFinished(Tensor hidden) {
        kernels.copy(hidden, forward.hidden());
        ran = layered.rows();
    }

    /**
     * Logits of rows of the last pass.
     *
     * @param which rows, in any order
     * @param count how many of them
     * @param to    takes them one after the other
     */
    public void logits(int[] which, int count, LogitRows to) {
        for (int first = 0; first < count; first += logitRows) {
            int some = Math.min(logitRows, count - first), made = Math.max(some, least);
            Tensor computed = logits.rows(0, made);
            forward.head(made == some ? gather(which, first, some) : gather(filled(which, first, some), 0, made), computed);
            for (int i = 0; i < some; i++) {
                kernels.download(computed.rows(i, 1), row);
                to.row(first + i, row);
            }
        }
    }

    /**
     * Negative log-likelihoods of tokens at rows of the last pass, in nats. The logits never exist as a whole.
     *
     * @param which   rows, in any order
     * @param targets the token that each is asked about
     * @param losses  receives one for each
     * @param best    receives the most likely token of each; or null
     */
    public void losses(int[] which, int[] targets, float[] losses, int[] best) {
        int count = which.length;
        if (count == 0) return;
        if (count < least) {
            float[] filledLosses = new float[least];
            int[] filledBest = best == null ? null : new int[least];
            losses(filled(which, 0, count), filled(targets, 0, count), filledLosses, filledBest);
            System.arraycopy(filledLosses, 0, losses, 0, count);
            if (best != null) System.arraycopy(filledBest, 0, best, 0, count);
            return;
        }
        kernels.crossEntropy(gather(which, 0, count), weights.head, (float) architecture.head().scale(), (float) architecture.head().softCap(), targets, loss.rows(0, count),
                logSumExp.rows(0, count), best);
        kernels.download(loss.rows(0, count), losses);
    }

    /** The least number of entries, of which the first are these and the others repeat the last. */
    private int[] filled(int[] which, int first, int some) {
        int[] all = new int[least];
        for (int i = 0; i < least; i++) all[i] = which[first + Math.min(i, some - 1)];
        return all;
    }

    /** Hidden states (some, H) of some rows, behind each other; a run of neighbours is copied at once. */
    private Tensor gather(int[] which, int first, int some) {
        Tensor to = forward.spare();
        for (int i = 0; i < some;) {
            int from = which[first + i], run = 1;
            if (from < 0 || from >= ran) throw new IndexOutOfBoundsException("row " + from + " of a pass of " + ran);
            while (i + run < some && which[first + i + run] == from + run && from + run < ran) run++;
            if (i == 0 && run == some) return forward.hidden().rows(from, run);
            kernels.copy(forward.hidden().rows(from, run), to.rows(i, run));
            i += run;
        }
        return to.rows(0, some);
    }

    /**
     * Hidden states of the last pass, after the final norm.
     *
     * @param at the row
     * @param to receives H numbers
     */
    public void hidden(int at, float[] to) {
        if (at < 0 || at >= ran) throw new IndexOutOfBoundsException("row " + at + " of a pass of " + ran);
        kernels.download(forward.hidden().rows(at, 1), to);
    }

    /** Frees the session's memory; the model and caches stay. */
    @Override
    public void close() {
        forward.close();
        if (filling != null) filling.close();
        logits.close();
        loss.close();
        logSumExp.close();
    }
}
