package io.graft.engine.generate;

import io.graft.engine.model.Batch;
import io.graft.engine.model.CausalLm;
import io.graft.engine.model.KvCache;
import io.graft.engine.model.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tells how likely texts are: the negative log-likelihood of each token given those before it. Packs many texts into a pass, cuts
 * long ones into several. For one thread; any number may share a model.
 */
public final class Scorer implements AutoCloseable {

    private final Session session;
    private final Batch batch = new Batch();
    private final List<KvCache> caches = new ArrayList<>();
    private final List<Piece> pieces = new ArrayList<>();

    /**
     * A text of which some tokens are asked about.
     *
     * @param ids  its tokens
     * @param from the first that is asked about, 1 or more: the first token of a text follows nothing
     */
    public record Question(int[] ids, int from) {

        /** Checks the range. */
        public Question {
            if (from < 1 || from > ids.length) throw new IllegalArgumentException("tokens from " + from + " of " + ids.length + "; the first token follows nothing");
            ids = ids.clone();
        }
    }

    /**
     * The answer.
     *
     * @param losses the negative log-likelihood of every token asked about, in nats
     * @param greedy whether each of them is the most likely one
     */
    public record Answer(float[] losses, boolean greedy) {

        /** {@return the log-likelihood of all together, in nats, summed in double} */
        public double logLikelihood() {
            double sum = 0;
            for (float loss : losses) sum -= loss;
            return sum;
        }
    }

    /** Rows of a pass that belong to one question. */
    private record Piece(int question, int first, int row, int count) {}

    /**
     * A scorer with memory of its own.
     *
     * @param model the model, which must stay open; this does not close it
     */
    public Scorer(CausalLm model) { this.session = model.session(); }

    /**
     * Answers questions, in their order.
     *
     * @param questions any number
     * @return an answer for each
     * @throws io.graft.engine.RequestException if a token is not in the vocabulary
     * @throws io.graft.engine.RunException     if a weight's file changed under it
     */
    public List<Answer> score(List<Question> questions) {
        float[][] losses = new float[questions.size()][];
        boolean[] greedy = new boolean[questions.size()];
        Arrays.fill(greedy, true);
        int used = 0;
        start();
        for (int q = 0; q < losses.length; q++) {
            Question question = questions.get(q);
            losses[q] = new float[question.ids().length - question.from()];
            int end = question.ids().length - 1; // nothing follows the last token
            if (used == caches.size()) caches.add(session.cache(end));
            KvCache cache = caches.get(used++);
            cache.truncate(0);
            for (int at = 0; at < end;) {
                int count = Math.min(end - at, session.rows() - batch.rows());
                pieces.add(new Piece(q, at, batch.rows(), count));
                batch.add(cache, question.ids(), at, at + count);
                at += count;
                if (batch.rows() < session.rows()) continue;
                flush(questions, losses, greedy);
                // The caches of finished questions are free again; a question that goes on keeps its own at the front.
                used = 0;
                if (at < end) {
                    caches.remove(cache);
                    caches.addFirst(cache);
                    used = 1;
                }
            }
        }
        if (batch.rows() > 0) flush(questions, losses, greedy);
        List<Answer> answers = new ArrayList<>();
        for (int q = 0; q < losses.length; q++) answers.add(new Answer(losses[q], greedy[q]));
        return answers;
    }

    private void start() {
        batch.clear();
        pieces.clear();
    }

    private void flush(List<Question> questions, float[][] losses, boolean[] greedy) {
        session.run(batch);
        int wanted = 0;
        for (Piece piece : pieces) wanted += piece.count() - unasked(piece, questions);
        int[] rows = new int[wanted], targets = new int[wanted], best = new int[wanted];
        int at = 0;
        for (Piece piece : pieces)
            for (int i = unasked(piece, questions); i < piece.count(); i++, at++) {
                rows[at] = piece.row() + i;
                targets[at] = questions.get(piece.question()).ids()[piece.first() + i + 1];
            }
        float[] found = new float[wanted];
        session.losses(rows, targets, found, best);
        at = 0;
        for (Piece piece : pieces)
            for (int i = unasked(piece, questions); i < piece.count(); i++, at++) {
                losses[piece.question()][piece.first() + i + 1 - questions.get(piece.question()).from()] = found[at];
                greedy[piece.question()] &= best[at] == targets[at];
            }
        start();
    }

    /** How many rows at the start of a piece tell of tokens before those asked about. */
    private static int unasked(Piece piece, List<Question> questions) {
        return Math.clamp(questions.get(piece.question()).from() - 1L - piece.first(), 0, piece.count());
    }

    /** Frees the scorer's memory; the model stays open. */
    @Override
    public void close() {
        for (KvCache cache : caches) cache.close();
        session.close();
    }
}
