package io.graft.merge.search;

import io.graft.engine.model.Batch;
import io.graft.engine.model.CausalLm;
import io.graft.engine.model.KvCache;
import io.graft.engine.model.Session;
import io.graft.formats.examples.Example;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tells whether a model, decoding greedily, would answer examples word for word: it does exactly when every learned token is the
 * most likely one after the right tokens before it. So one pass over the right answer tells what generating would, at the price of reading.
 */
public final class ExactMatch {

    private final List<Example> examples;
    private final int[] counted;

    /**
     * A test.
     *
     * @param examples of prompt and answer: what is learned of them is the answer
     */
    public ExactMatch(List<Example> examples) {
        this.examples = List.copyOf(examples);
        this.counted = this.examples.stream().mapToInt(Example::counted).toArray();
    }

    /** {@return how many examples there are} */
    public int size() { return examples.size(); }

    /**
     * Asks a model.
     *
     * @param model the model
     * @return for every example, for every learned token in turn, whether it is the most likely one
     */
    public boolean[][] ask(CausalLm model) {
        boolean[][] right = new boolean[examples.size()][];
        try (Session session = model.session()) {
            eachBatch(session, (from, to, batch) -> {
                session.run(batch);
                read(session, from, to, right);
            });
        }
        return right;
    }

    /** A pass over some examples. */
    interface Pass {
        void run(int from, int to, Batch batch);
    }

    /** Packs the examples into passes of a session; all caches are empty when a pass begins. */
    void eachBatch(Session session, Pass pass) {
        List<KvCache> caches = new ArrayList<>();
        try {
            for (int from = 0; from < examples.size();) {
                Batch batch = new Batch();
                int to = from;
                while (to < examples.size() && (to == from || batch.rows() + length(to) <= session.rows())) {
                    int[] ids = examples.get(to).ids();
                    if (caches.size() == to - from) caches.add(session.cache(ids.length));
                    caches.get(to - from).truncate(0);
                    batch.add(caches.get(to - from), ids, 0, length(to));
                    to++;
                }
                pass.run(from, to, batch);
                from = to;
            }
        } finally {
            for (KvCache cache : caches) cache.close();
        }
    }

    /** Rows of an example: nothing follows its last token. */
    private int length(int example) { return examples.get(example).ids().length - 1; }

    /** What the session's last pass says of the examples in it. */
    void read(Session session, int from, int to, boolean[][] right) {
        int total = Arrays.stream(counted, from, to).sum();
        int[] rows = new int[total], targets = new int[total], best = new int[total];
        int at = 0, row = 0;
        for (int example = from; example < to; row += length(example++)) {
            int[] labels = examples.get(example).labels();
            for (int i = 1; i < labels.length; i++) {
                if (labels[i] < 0) continue;
                rows[at] = row + i - 1;
                targets[at++] = labels[i];
            }
        }
        session.losses(rows, targets, new float[total], best);
        at = 0;
        for (int example = from; example < to; example++) {
            right[example] = new boolean[counted[example]];
            for (int i = 0; i < counted[example]; i++, at++) right[example][i] = best[at] == targets[at];
        }
    }

    /**
     * How many answers are right as a whole.
     *
     * @param right what {@link #ask} gave
     * @return their number
     */
    public static int exact(boolean[][] right) {
        int exact = 0;
        for (boolean[] each : right) exact += all(each) ? 1 : 0;
        return exact;
    }

    /**
     * Whether an answer is right as a whole.
     *
     * @param right its tokens
     * @return whether all are
     */
    public static boolean all(boolean[] right) {
        for (boolean each : right) if (!each) return false;
        return true;
    }
}
