package io.graft.engine.generate;

import io.graft.engine.generate.Generation.FinishReason;
import io.graft.engine.model.Batch;
import io.graft.engine.model.CausalLm;
import io.graft.engine.model.KvCache;
import io.graft.engine.model.Session;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Continues texts: prompts of any lengths together, each as it would be alone: to the bit where passes stay within
 * {@link io.graft.engine.kernel.Kernels#FEW} rows, as in decoding up to so many texts, else to rounding. For one thread; any number
 * of generators may share a model.
 *
 * <pre>{@code
 * try (Generator generator = new Generator(model)) {
 *     Generation text = generator.generate(new Request(ids, 100), (_, id, _) -> { System.out.println(id); return true; });
 * }
 * }</pre>
 */
public final class Generator implements AutoCloseable {

    private final Session session;
    private final Batch batch = new Batch();
    private final int vocabulary;
    private long prefillTokens, prefillNanos, decodeTokens, decodeNanos;

    /**
     * A generator with memory of its own.
     *
     * @param model the model, which must stay open; this does not close it
     */
    public Generator(CausalLm model) {
        this.session = model.session();
        this.vocabulary = model.architecture().vocabulary();
    }

    /**
     * What generating has cost so far.
     *
     * @param prefillTokens tokens of prompts
     * @param prefillSeconds time for them, the first new tokens' choice included
     * @param decodeTokens  tokens fed back, one for each new token but the last
     * @param decodeSeconds time for them
     */
    public record Cost(long prefillTokens, double prefillSeconds, long decodeTokens, double decodeSeconds) {}

    /** {@return what generating has cost so far} */
    public Cost cost() { return new Cost(prefillTokens, prefillNanos * 1e-9, decodeTokens, decodeNanos * 1e-9); }

    /**
     * Continues one text.
     *
     * @param request  the text
     * @param listener hears of every token, and may cancel
     * @return its continuation
     * @throws io.graft.engine.RequestException if a token is not in the vocabulary
     * @throws io.graft.engine.RunException     if a weight's file changed under it
     */
    public Generation generate(Request request, TokenListener listener) { return generate(List.of(request), listener, () -> false).getFirst(); }

    /**
     * Continues texts together.
     *
     * @param requests  the texts
     * @param listener  hears of every token, and may cancel
     * @param cancelled asked before every step, and between the pieces of long prompts; true ends all texts
     * @return their continuations, in the order of the requests
     * @throws io.graft.engine.RequestException if a token is not in the vocabulary
     * @throws io.graft.engine.RunException     if a weight's file changed under it
     */
    public List<Generation> generate(List<Request> requests, TokenListener listener, BooleanSupplier cancelled) {
        List<Text> texts = new ArrayList<>();
        try {
            for (Request request : requests) texts.add(new Text(texts.size(), request, session.cache(request.prompt().length + request.maxNewTokens() - 1)));
            long start = System.nanoTime();
            boolean going = prefill(texts, listener, cancelled);
            prefillNanos += System.nanoTime() - start;
            start = System.nanoTime();
            while (going && !cancelled.getAsBoolean()) {
                batch.clear();
                List<Text> active = new ArrayList<>(texts.size());
                for (Text text : texts)
                    if (text.reason == null && batch.rows() < session.rows()) active.add(text.feed(batch));
                if (active.isEmpty()) break;
                session.run(batch);
                decodeTokens += active.size();
                going = choose(active, listener);
            }
            decodeNanos += System.nanoTime() - start;
            List<Generation> all = new ArrayList<>();
            for (Text text : texts) all.add(text.end(listener));
            return all;
        } finally {
            for (Text text : texts) text.cache.close();
        }
    }

    /** Runs all prompts, in batches of as many rows as the session takes, and chooses the first new token of each. */
    private boolean prefill(List<Text> texts, TokenListener listener, BooleanSupplier cancelled) {
        List<Text> complete = new ArrayList<>();
        batch.clear();
        for (Text text : texts) {
            int[] prompt = text.request.prompt();
            for (int at = 0; at < prompt.length;) {
                int count = Math.min(prompt.length - at, session.rows() - batch.rows());
                batch.add(text.cache, prompt, at, at + count);
                at += count;
                if (at == prompt.length) {
                    text.row = batch.rows() - 1;
                    complete.add(text);
                }
                if (batch.rows() == session.rows() && !flush(complete, listener, cancelled)) return false;
            }
        }
        return batch.rows() == 0 || flush(complete, listener, cancelled);
    }

    private boolean flush(List<Text> complete, TokenListener listener, BooleanSupplier cancelled) {
        if (cancelled.getAsBoolean()) return false;
        session.run(batch);
        prefillTokens += batch.rows();
        boolean going = choose(complete, listener);
        batch.clear();
        complete.clear();
        return going;
    }

    private boolean choose(List<Text> texts, TokenListener listener) {
        int[] rows = new int[texts.size()];
        for (int i = 0; i < rows.length; i++) rows[i] = texts.get(i).row;
        boolean[] going = {true};
        session.logits(rows, rows.length, (i, logits) -> going[0] &= texts.get(i).take(logits, vocabulary, listener));
        return going[0];
    }

    /** Frees the generator's memory; the model stays open. */
    @Override
    public void close() { session.close(); }
}
