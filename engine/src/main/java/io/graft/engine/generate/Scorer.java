package io.graft.engine.generate;

import io.graft.engine.model.Batch;
import io.graft.engine.model.CausalLm;
import io.graft.engine.model.KvCache;
import io.graft.engine.model.KvPool;
import io.graft.engine.model.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Tells how likely texts are: the negative log-likelihood of each token given those before it. Packs many texts into a pass, cuts
 * long ones into several, and gives a text the same numbers whatever it is packed with. For one thread; any number may share a model.
 */
public final class Scorer implements AutoCloseable {

    /** Memory of keys and values that fewer groups at a time are preferred to. */
    private static final long CACHE_BYTES = 1L << 30;
    private static final int GROUPS = 64;

    private final CausalLm model;
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
    public Scorer(CausalLm model) {
        this.model = model;
        this.session = model.steadySession();
    }

    /**
     * Answers questions, in their order.
     *
     * @param questions any number
     * @return an answer for each
     * @throws io.graft.engine.RequestException if a token is not in the vocabulary
     * @throws io.graft.engine.RunException     if a weight's file changed under it
     */
    public List<Answer> score(List<Question> questions) { return score(questions, null); }

    /**
     * Answers groups of questions that begin alike, such as the choices after a question: what a group begins with is computed once
     * for it, and what all begin with once.
     *
     * @param groups any number, each of one or more questions
     * @param going  asked before some of the groups are answered, with the number of those that have been; false ends
     * @return the answers to each group, in order; fewer than all where that ended it
     * @throws io.graft.engine.RequestException if a token is not in the vocabulary
     * @throws io.graft.engine.RunException     if a weight's file changed under it
     */
    public List<List<Answer>> scoreGroups(List<List<Question>> groups, IntPredicate going) {
        List<List<Answer>> answers = new ArrayList<>();
        if (groups.isEmpty()) return answers;
        int longest = 1, most = 1;
        for (List<Question> group : groups) {
            most = Math.max(most, group.size());
            for (Question question : group) longest = Math.max(longest, question.ids().length);
        }
        long bytes = 8L * model.architecture().layers() * model.architecture().attention().keyWidth() * longest * (1 + most);
        int together = Math.clamp(CACHE_BYTES / bytes, 1, Math.min(GROUPS, groups.size()));
        int all = shared(groups.stream().flatMap(List::stream).toList());
        try (KvPool pool = session.pool(together * (1 + most), longest); KvCache beginning = session.cache(Math.max(1, all))) {
            read(List.of(groups.getFirst().getFirst()), List.of(beginning), all);
            for (int first = 0; first < groups.size() && going.test(first); first += together) {
                List<List<Question>> some = groups.subList(first, Math.min(first + together, groups.size()));
                List<KvCache> own = pool.caches().subList(0, some.size()), each = new ArrayList<>();
                for (KvCache cache : own) cache.beginAs(beginning, all);
                for (int g = 0; g < some.size(); g++) read(List.of(some.get(g).getFirst()), List.of(own.get(g)), shared(some.get(g)));
                List<Question> asked = new ArrayList<>();
                for (int g = 0; g < some.size(); g++)
                    for (Question question : some.get(g)) {
                        KvCache cache = pool.caches().get(some.size() + each.size());
                        cache.beginAs(own.get(g), own.get(g).length());
                        each.add(cache);
                        asked.add(question);
                    }
                List<Answer> found = score(asked, each);
                int at = 0;
                for (List<Question> group : some) answers.add(found.subList(at, at += group.size()));
            }
        }
        return answers;
    }

    /** How many tokens questions begin with in common, before the first that tells of one asked about. */
    private static int shared(List<Question> questions) {
        int[] first = questions.getFirst().ids();
        int shared = Integer.MAX_VALUE;
        for (Question question : questions) {
            int[] ids = question.ids();
            int end = Math.min(shared, question.from() - 1), apart = Arrays.mismatch(first, 0, Math.min(end, first.length), ids, 0, Math.min(end, ids.length));
            shared = apart < 0 ? end : apart;
        }
        return shared;
    }

    /** Reads the first tokens of questions, of which none is asked about, into caches that may hold some of them. */
    private void read(List<Question> questions, List<KvCache> into, int tokens) {
        List<Question> unasked = new ArrayList<>();
        for (Question question : questions) unasked.add(new Question(Arrays.copyOf(question.ids(), tokens + 1), tokens + 1));
        score(unasked, into);
    }

    /** Each question goes on where its cache ends; without caches, from its beginning in caches of ours. */
    private List<Answer> score(List<Question> questions, List<KvCache> given) {
        float[][] losses = new float[questions.size()][];
        boolean[] greedy = new boolean[questions.size()];
        Arrays.fill(greedy, true);
        int used = 0;
        start();
        for (int q = 0; q < losses.length; q++) {
            Question question = questions.get(q);
            losses[q] = new float[question.ids().length - question.from()];
            int end = question.ids().length - 1; // nothing follows the last token
            KvCache cache = given != null ? given.get(q) : free(used++, end);
            for (int at = cache.length(); at < end;) {
                int count = Math.min(end - at, session.rows() - batch.rows());
                pieces.add(new Piece(q, at, batch.rows(), count));
                batch.add(cache, question.ids(), at, at + count);
                at += count;
                if (batch.rows() < session.rows()) continue;
                flush(questions, losses, greedy);
                if (given != null) continue;
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

    private KvCache free(int number, int capacity) {
        if (number == caches.size()) caches.add(session.cache(capacity));
        KvCache cache = caches.get(number);
        cache.truncate(0);
        return cache;
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
