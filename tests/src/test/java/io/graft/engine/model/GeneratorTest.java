package io.graft.engine.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.engine.generate.Embedder;
import io.graft.engine.generate.Generation;
import io.graft.engine.generate.Generation.FinishReason;
import io.graft.engine.generate.Generator;
import io.graft.engine.generate.Request;
import io.graft.engine.generate.Sampling;
import io.graft.engine.generate.Scorer;
import io.graft.engine.generate.Scorer.Answer;
import io.graft.engine.generate.Scorer.Question;
import io.graft.engine.generate.TextStream;
import io.graft.engine.generate.TokenListener;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a caller of the library does: sessions, callbacks, cancelling, stopping, scoring, vectors of texts. */
class GeneratorTest {

    private static final ArchFixture FIXTURE = ArchFixture.of("llama_bf16");
    private static CausalLm model;
    private static int[] prompt, expected;

    @BeforeAll
    static void open() {
        model = new CausalLm(FIXTURE.architecture(), FIXTURE.source(), TestKernels.SHARED);
        prompt = FIXTURE.golden().ints("prompt_ids");
        expected = Arrays.copyOf(FIXTURE.golden().ints("greedy_ids"), 12); // their margins are over the bound
    }

    @AfterAll
    static void close() { model.close(); }

    /** Every id is a letter, so that stop strings can run over several tokens. */
    private static final class Letters implements TextStream {
        @Override
        public String push(int id) { return "<" + id + ">"; }

        @Override
        public String finish() { return "."; }
    }

    @Test
    void aStopTokenEndsTheTextAndIsOneOfItsTokens() {
        Generation text = generate(new Request(prompt, 12, Sampling.GREEDY, Set.of(expected[3]), List.of(), new Letters()), TokenListener.NONE);
        int first = indexOf(expected[3]);
        assertArrayEquals(Arrays.copyOf(expected, first + 1), text.ids());
        assertEquals(FinishReason.STOP, text.reason());
        assertEquals(letters(first) + ".", text.text());
    }

    @Test
    void aStopStringIsNeverShown() {
        String stop = ">" + "<" + expected[2] + ">";
        StringBuilder shown = new StringBuilder();
        Generation text = generate(new Request(prompt, 12, Sampling.GREEDY, Set.of(), List.of("nowhere", stop), new Letters()), (_, _, piece) -> {
            shown.append(piece);
            return true;
        });
        String whole = letters(12);
        assertEquals(whole.substring(0, whole.indexOf(stop)), text.text());
        assertEquals(text.text(), shown.toString());
        assertEquals(FinishReason.STOP, text.reason());
        assertEquals(indexOf(expected[2]) + 1, text.ids().length);
    }

    @Test
    void textThatOnlyLookedLikeAStopStringIsShownInTheEnd() {
        String end = "<" + expected[11] + ">.";
        Generation text = generate(new Request(prompt, 12, Sampling.GREEDY, Set.of(), List.of(end + "!"), new Letters()), TokenListener.NONE);
        assertEquals(letters(12) + ".", text.text());
        assertEquals(FinishReason.LENGTH, text.reason());
    }

    @Test
    void theListenerAndTheCallerCanCancel() {
        List<Integer> heard = new ArrayList<>();
        Generation text = generate(new Request(prompt, 12), (_, id, _) -> {
            heard.add(id);
            return heard.size() < 3;
        });
        assertArrayEquals(Arrays.copyOf(expected, 3), text.ids());
        assertEquals(FinishReason.CANCELLED, text.reason());
        int[] steps = {0};
        try (Generator generator = new Generator(model)) {
            List<Generation> texts = generator.generate(List.of(new Request(prompt, 12), new Request(prompt, 1)), TokenListener.NONE, () -> ++steps[0] > 3);
            assertEquals(FinishReason.CANCELLED, texts.get(0).reason());
            assertArrayEquals(Arrays.copyOf(expected, 3), texts.get(0).ids());
            assertEquals(FinishReason.LENGTH, texts.get(1).reason());
        }
    }

    @Test
    void sessionsOfSeveralThreadsShareAModel() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Callable<int[]>> tasks = new ArrayList<>();
            for (int i = 0; i < 6; i++) tasks.add(() -> generate(new Request(prompt, 12), TokenListener.NONE).ids());
            for (Future<int[]> done : threads.invokeAll(tasks)) assertArrayEquals(expected, done.get());
        }
    }

    @Test
    void theSameSeedGivesTheSameTextAloneAndInABatch() {
        Request sampled = new Request(prompt, 20, new Sampling(1.5, 40, 0.95, 0.01, 1.1, 42), Set.of(), List.of(), null);
        int[] alone = generate(sampled, TokenListener.NONE).ids();
        try (Generator generator = new Generator(model)) {
            List<Generation> texts = generator.generate(List.of(new Request(new int[] {7}, 20), sampled), TokenListener.NONE, () -> false);
            assertArrayEquals(alone, texts.get(1).ids());
            assertEquals(7, generator.cost().prefillTokens());
        }
        int[] other = generate(new Request(prompt, 20, new Sampling(1.5, 40, 0.95, 0.01, 1.1, 43), Set.of(), List.of(), null), TokenListener.NONE).ids();
        assertTrue(!Arrays.equals(alone, other));
    }

    @Test
    void whatCannotBeIsRefused() {
        assertThrows(RequestException.class, () -> new Request(new int[0], 5));
        assertThrows(RequestException.class, () -> new Request(prompt, 0));
        assertThrows(RequestException.class, () -> new Request(prompt, 5, Sampling.GREEDY, Set.of(), List.of("x"), null));
        assertTrue(assertThrows(RequestException.class, () -> generate(new Request(new int[] {300}, 5), TokenListener.NONE)).getMessage().contains("300"));
        assertThrows(RequestException.class, () -> generate(new Request(new int[] {-1}, 5), TokenListener.NONE));
    }

    /** Losses from a scorer, whatever it packs together, are the cross-entropies of the golden logits. */
    @Test
    void scoresAreThoseOfTheLogits() {
        int[] ids = FIXTURE.ids(0);
        try (Scorer scorer = new Scorer(model)) {
            List<Question> questions = new ArrayList<>();
            for (int from = 1; from < ids.length; from += 5) questions.add(new Question(ids, from));
            questions.add(new Question(Arrays.copyOf(ids, 2), 1));
            for (int round = 0; round < 2; round++) { // the second one uses the first one's caches
                List<Answer> answers = scorer.score(questions);
                for (int q = 0; q < questions.size(); q++) {
                    Question question = questions.get(q);
                    boolean greedy = true;
                    for (int i = question.from(); i < question.ids().length; i++) {
                        double[] logits = FIXTURE.at("logits64", 0, i - 1);
                        double sum = 0, best = Arrays.stream(logits).max().orElseThrow();
                        for (double z : logits) sum += Math.exp(z);
                        assertEquals(Math.log(sum) - logits[ids[i]], answers.get(q).losses()[i - question.from()], 2 * FIXTURE.logitsBound());
                        greedy &= logits[ids[i]] == best;
                    }
                    assertEquals(greedy, answers.get(q).greedy());
                }
            }
            int[] likely = Arrays.copyOf(prompt, prompt.length + 5);
            System.arraycopy(expected, 0, likely, prompt.length, 5);
            assertTrue(scorer.score(List.of(new Question(likely, prompt.length))).getFirst().greedy());
        }
    }

    /** More text than a pass takes: the scorer cuts, and asks about the same tokens. */
    @Test
    void textsLongerThanAPassAreCut() {
        int[] longText = new int[1300];
        for (int i = 0; i < longText.length; i++) longText[i] = (i * 31 + i / 7) % 300;
        try (Scorer scorer = new Scorer(model); Session session = model.session(1300)) {
            Answer whole = scorer.score(List.of(new Question(Arrays.copyOf(longText, 20), 3), new Question(longText, 1), new Question(longText, 600))).get(1);
            float[] losses = new float[1299];
            try (KvCache cache = session.cache(1300)) {
                session.run(new Batch().add(cache, longText, 0, 1300));
                session.losses(java.util.stream.IntStream.range(0, 1299).toArray(), Arrays.copyOfRange(longText, 1, 1300), losses, null);
            }
            assertArrayEquals(losses, whole.losses(), 1e-4f);
        }
    }

    @Test
    void theVectorOfATextIsItsHiddenStatesPooled() {
        int[] ids = FIXTURE.ids(1);
        try (Embedder embedder = new Embedder(model); Session session = model.session(); KvCache cache = session.cache(ids.length)) {
            session.run(new Batch().add(cache, ids, 0, ids.length));
            double[] mean = new double[48];
            float[] row = new float[48];
            for (int t = 0; t < ids.length; t++) {
                session.hidden(t, row);
                for (int d = 0; d < 48; d++) mean[d] += row[d] / (double) ids.length;
            }
            float[] found = embedder.embed(ids, Embedder.Pooling.MEAN);
            for (int d = 0; d < 48; d++) assertEquals(mean[d], found[d], 1e-6);
            assertArrayEquals(row, embedder.embed(ids, Embedder.Pooling.LAST));
        }
    }

    private static Generation generate(Request request, TokenListener listener) {
        try (Generator generator = new Generator(model)) {
            return generator.generate(request, listener);
        }
    }

    private static int indexOf(int id) {
        int at = 0;
        while (expected[at] != id) at++;
        return at;
    }

    private static String letters(int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) text.append('<').append(expected[i]).append('>');
        return text.toString();
    }
}
