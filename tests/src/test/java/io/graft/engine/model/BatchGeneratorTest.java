package io.graft.engine.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.engine.generate.BatchGenerator;
import io.graft.engine.generate.Generation;
import io.graft.engine.generate.Generation.FinishReason;
import io.graft.engine.generate.Request;
import io.graft.engine.generate.Sampling;
import io.graft.engine.generate.Scorer;
import io.graft.engine.generate.Scorer.Answer;
import io.graft.engine.generate.Scorer.Question;
import io.graft.engine.memory.Owner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Many texts, some at a time: the same tokens, logits to the bit, whatever shares a pass and whatever beginning is computed once. */
class BatchGeneratorTest {

    private static final ArchFixture FIXTURE = ArchFixture.of("gemma2"); // windows, so that a copied beginning must keep positions

    /** Prompts with 20 tokens in common, of 21 to 60 tokens. */
    private static List<Request> requests(int texts) {
        List<Request> requests = new ArrayList<>();
        for (int text = 0; text < texts; text++) {
            int[] prompt = new int[21 + text * 7 % 40];
            for (int i = 0; i < prompt.length; i++) prompt[i] = i < 20 ? 3 + i * 13 % 250 : 3 + (text * 31 + i * 17) % 250;
            requests.add(new Request(prompt, 1 + text * 5 % 12, Sampling.GREEDY, Set.of(9), List.of(), null));
        }
        return requests;
    }

    @Test
    void textsAreTheSameHoweverManyGoTogether() {
        try (CausalLm model = model()) {
            List<int[]> expected = null;
            for (int together : new int[] {1, 3, 64}) {
                try (BatchGenerator generator = new BatchGenerator(model, together)) {
                    Set<Integer> heard = new HashSet<>();
                    List<Generation> texts = generator.generate(requests(19), (text, _) -> assertTrue(heard.add(text)), () -> false);
                    assertEquals(19, heard.size());
                    List<int[]> ids = texts.stream().map(Generation::ids).toList();
                    if (expected == null) expected = ids;
                    for (int text = 0; text < 19; text++) assertArrayEquals(expected.get(text), ids.get(text), together + " together, text " + text);
                }
            }
        }
    }

    /** One prompt that shares nothing: the others must compute what they begin with themselves. */
    @Test
    void aSharedBeginningChangesNoToken() {
        try (CausalLm model = model(); BatchGenerator generator = new BatchGenerator(model, 4)) {
            List<Request> requests = requests(9);
            List<Generation> shared = generator.generate(requests, (_, _) -> {}, () -> false);
            requests.add(new Request(new int[] {200, 100}, 2));
            List<Generation> apart = generator.generate(requests, (_, _) -> {}, () -> false);
            for (int text = 0; text < 9; text++) assertArrayEquals(shared.get(text).ids(), apart.get(text).ids(), "text " + text);
        }
    }

    /** The logits of a prompt's last token: alone in pieces of 1 to 3 tokens, after a copied beginning, and packed beside another. */
    @Test
    void aSteadySessionGivesARowTheSameBitsInAnyPass() {
        int[] ids = FIXTURE.ids(0);
        try (CausalLm model = model(); Session session = model.steadySession(); KvCache whole = session.cache(ids.length); KvCache pieces = session.cache(1);
                KvCache copy = session.cache(1); KvCache other = session.cache(1)) {
            Batch batch = new Batch();
            session.run(batch.add(whole, ids, 0, ids.length));
            float[] expected = logits(session, ids.length - 1);
            for (int at = 0, count = 1; at < ids.length; at += count, count = Math.min(count % 3 + 1, ids.length - at)) {
                batch.clear();
                session.run(batch.add(pieces, ids, at, at + count));
                assertEquals(1, batch.parts(), "what filled up the pass is gone again");
                if (at + count == ids.length) assertArrayEquals(expected, logits(session, count - 1));
                if (count == 0) break;
            }
            copy.beginAs(whole, ids.length - 2);
            batch.clear();
            session.run(batch.add(other, ids, 3, 15).add(copy, ids, ids.length - 2, ids.length));
            assertArrayEquals(expected, logits(session, 13));
            float[] loss = new float[1], losses = new float[12];
            session.losses(new int[] {13}, new int[] {5}, loss, new int[1]);
            int[] rows = new int[12], targets = new int[12];
            Arrays.fill(rows, 13);
            Arrays.fill(targets, 5);
            session.losses(rows, targets, losses, null);
            assertEquals(losses[0], loss[0]);
            assertThrows(IllegalArgumentException.class, () -> copy.beginAs(copy, 1));
            assertThrows(IllegalArgumentException.class, () -> copy.beginAs(whole, ids.length + 1));
        }
    }

    /** Questions with 12 tokens in common, and 4 choices each with 16 to 25: as scored one by one, to the bit. */
    @Test
    void choicesAreScoredAsAloneThoughTheirBeginningIsReadOnce() {
        List<List<Question>> groups = new ArrayList<>();
        for (int group = 0; group < 70; group++) {
            List<Question> choices = new ArrayList<>();
            int from = 16 + group % 10;
            for (int choice = 0; choice < 1 + group % 4; choice++) {
                int[] ids = new int[from + 1 + choice];
                for (int i = 0; i < ids.length; i++) ids[i] = 3 + (i < 12 ? i * 7 : i < from ? group * 31 + i : choice * 57 + i * 5) % 250;
                choices.add(new Question(ids, from));
            }
            groups.add(choices);
        }
        try (CausalLm model = model(); Scorer scorer = new Scorer(model)) {
            List<List<Answer>> together = scorer.scoreGroups(groups, _ -> true);
            assertEquals(70, together.size());
            for (int group = 0; group < 70; group++)
                for (int choice = 0; choice < groups.get(group).size(); choice++) {
                    Answer alone = scorer.score(List.of(groups.get(group).get(choice))).getFirst();
                    assertArrayEquals(alone.losses(), together.get(group).get(choice).losses(), "group " + group + ", choice " + choice);
                    assertEquals(alone.greedy(), together.get(group).get(choice).greedy());
                }
            long before = Owner.liveBytes();
            assertEquals(64, scorer.scoreGroups(groups, done -> done == 0).size());
            assertEquals(before, Owner.liveBytes(), "what a call takes it gives back");
            assertEquals(List.of(), scorer.scoreGroups(List.of(), _ -> true));
        }
    }

    @Test
    void cancellingEndsAllTextsAndFreesTheirMemory() {
        try (CausalLm model = model(); BatchGenerator generator = new BatchGenerator(model, 2)) {
            long before = Owner.liveBytes();
            int[] asked = {0};
            List<Generation> texts = generator.generate(requests(7), (_, _) -> {}, () -> ++asked[0] > 3);
            assertEquals(7, texts.size());
            assertEquals(FinishReason.CANCELLED, texts.getFirst().reason());
            assertThrows(RequestException.class, () -> generator.generate(List.of(new Request(new int[] {100_000}, 2)), (_, _) -> {}, () -> false));
            assertEquals(before, Owner.liveBytes());
            assertEquals(List.of(), generator.generate(List.of(), (_, _) -> {}, () -> false));
        }
    }

    private static float[] logits(Session session, int row) {
        float[][] found = new float[1][];
        session.logits(new int[] {row}, 1, (_, logits) -> found[0] = logits.clone());
        return found[0];
    }

    private static CausalLm model() { return new CausalLm(FIXTURE.architecture(), FIXTURE.source(), TestKernels.SHARED); }
}
