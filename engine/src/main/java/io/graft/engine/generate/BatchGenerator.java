package io.graft.engine.generate;

import io.graft.engine.model.Batch;
import io.graft.engine.model.CausalLm;
import io.graft.engine.model.KvCache;
import io.graft.engine.model.KvPool;
import io.graft.engine.model.Session;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * Continues any number of texts, so many at a time: when one ends, the next takes its place in the same pass. What all prompts
 * begin with, such as the examples before a question, is computed once.
 *
 * <p>A text's tokens are the same whatever else is asked, how many go together, and whether a beginning is shared: its passes are
 * those of a {@linkplain CausalLm#steadySession steady session}. For one thread; any number may share a model.
 */
public final class BatchGenerator implements AutoCloseable {

    /** Memory of keys and values that fewer texts at a time are preferred to. */
    private static final long CACHE_BYTES = 1L << 30;

    private final CausalLm model;
    private final Session session;
    private final Batch batch = new Batch();
    private final int together;

    /** Hears of every text that ended, in the order in which they do, on the thread that generates. */
    @FunctionalInterface
    public interface Ended {

        /**
         * A text ended.
         *
         * @param text  which of the requests, from 0
         * @param found its continuation
         */
        void text(int text, Generation found);
    }

    /** A text, its prompt, and how much of that has been read. */
    private static final class Slot {
        final int index;
        final int[] prompt;
        final Text text;
        int read;

        Slot(int index, Request request, int[] prompt, KvCache cache) {
            this.index = index;
            this.prompt = prompt;
            this.text = new Text(index, request, cache);
            this.read = cache.length();
        }
    }

    /** What one call has under way. */
    private final class Run {
        final List<Request> requests;
        final List<int[]> prompts = new ArrayList<>();
        final Deque<Integer> waiting = new ArrayDeque<>();
        final List<Slot> active = new ArrayList<>();
        final Deque<KvCache> free = new ArrayDeque<>();
        final List<Generation> done;
        final int slots, capacity;
        /** What all prompts begin with; null for nothing. */
        KvCache beginning;
        KvPool pool;

        /** The longest first: what comes later fits into their caches, and no long one is left alone at the end. */
        Run(List<Request> requests) {
            this.requests = requests;
            this.done = new ArrayList<>(Collections.nCopies(requests.size(), null));
            int longest = 1;
            for (Request request : requests) {
                int[] prompt = request.prompt();
                prompts.add(prompt);
                longest = Math.max(longest, prompt.length + request.maxNewTokens() - 1);
            }
            IntStream.range(0, requests.size()).boxed().sorted(Comparator.comparing((Integer i) -> -prompts.get(i).length)).forEach(waiting::add);
            long bytes = 8L * model.architecture().layers() * model.architecture().attention().keyWidth() * longest;
            capacity = longest;
            slots = Math.clamp(CACHE_BYTES / bytes, 1, Math.clamp(requests.size(), 1, together));
        }

        void begin() {
            pool = session.pool(slots, capacity);
            free.addAll(pool.caches());
            int shared = shared();
            if (shared == 0) return;
            beginning = session.cache(shared);
            for (int at = 0; at < shared;) {
                int end = Math.min(shared, at + session.rows());
                batch.clear();
                session.run(batch.add(beginning, prompts.getFirst(), at, end));
                at = end;
            }
            for (KvCache cache : free) cache.beginAs(beginning, shared);
        }

        /** How many tokens all prompts begin with; one is left to each, since the last one's logits choose the first new token. */
        private int shared() {
            if (prompts.size() < 2) return 0;
            int[] first = prompts.getFirst();
            int shared = first.length - 1;
            for (int[] prompt : prompts) {
                int end = Math.min(shared, prompt.length - 1);
                int apart = Arrays.mismatch(first, 0, end, prompt, 0, end);
                shared = apart < 0 ? end : apart;
            }
            return shared;
        }

        /** Packs the next pass: a token of every text under way, then prompts; returns whose next token it tells. */
        List<Slot> pack() {
            batch.clear();
            List<Slot> choosing = new ArrayList<>();
            for (Slot slot : active)
                if (slot.read == slot.prompt.length) {
                    slot.text.feed(batch);
                    choosing.add(slot);
                }
            for (Slot slot : active) if (slot.read < slot.prompt.length) read(slot, choosing);
            while (active.size() < slots && !waiting.isEmpty() && batch.rows() < session.rows()) {
                int index = waiting.poll();
                Slot slot = new Slot(index, requests.get(index), prompts.get(index), cache());
                active.add(slot);
                read(slot, choosing);
            }
            return choosing;
        }

        private void read(Slot slot, List<Slot> choosing) {
            int count = Math.min(slot.prompt.length - slot.read, session.rows() - batch.rows());
            if (count == 0) return;
            batch.add(slot.text.cache, slot.prompt, slot.read, slot.read + count);
            slot.read += count;
            if (slot.read < slot.prompt.length) return;
            slot.text.row = batch.rows() - 1;
            choosing.add(slot);
        }

        /** A free cache, cut to the shared beginning, which it still has after use. */
        private KvCache cache() {
            KvCache cache = free.remove();
            cache.truncate(beginning == null ? 0 : beginning.length());
            return cache;
        }

        void choose(List<Slot> choosing, Ended ended) {
            int[] rows = new int[choosing.size()];
            for (int i = 0; i < rows.length; i++) rows[i] = choosing.get(i).text.row;
            session.logits(rows, rows.length, (i, logits) -> choosing.get(i).text.take(logits, model.architecture().vocabulary(), TokenListener.NONE));
            for (Slot slot : choosing)
                if (slot.text.reason != null) {
                    active.remove(slot);
                    free.add(slot.text.cache);
                    done.set(slot.index, slot.text.end(TokenListener.NONE));
                    ended.text(slot.index, done.get(slot.index));
                }
        }

        /** What was not ended is cancelled. */
        List<Generation> result() {
            for (Slot slot : active) done.set(slot.index, slot.text.end(TokenListener.NONE));
            for (int index : waiting) done.set(index, new Generation(new int[0], requests.get(index).text() == null ? null : "", Generation.FinishReason.CANCELLED));
            return done;
        }

        void close() {
            if (beginning != null) beginning.close();
            if (pool != null) pool.close();
        }
    }

    /**
     * A generator with memory of its own.
     *
     * @param model    the model, which must stay open; this does not close it
     * @param together how many texts go together at most, 1 or more; fewer where their keys and values would take over 1 GiB
     */
    public BatchGenerator(CausalLm model, int together) {
        if (together < 1) throw new IllegalArgumentException(together + " texts at a time");
        this.model = model;
        this.session = model.steadySession();
        this.together = Math.min(together, session.rows());
    }

    /**
     * Continues texts.
     *
     * @param requests  the texts; each has a {@link TextStream} of its own, or none
     * @param ended     hears of every text that ends
     * @param cancelled asked before every pass; true ends all texts
     * @return their continuations, in the order of the requests
     * @throws io.graft.engine.RequestException if a token is not in the vocabulary
     * @throws io.graft.engine.RunException     if a weight's file changed under it
     */
    public List<Generation> generate(List<Request> requests, Ended ended, BooleanSupplier cancelled) {
        Run run = new Run(requests);
        try {
            run.begin();
            while (!cancelled.getAsBoolean()) {
                List<Slot> choosing = run.pack();
                if (batch.rows() == 0) break;
                session.run(batch);
                run.choose(choosing, ended);
            }
            return run.result();
        } finally {
            run.close();
        }
    }

    /** Frees the generator's memory; the model stays open. */
    @Override
    public void close() { session.close(); }
}
