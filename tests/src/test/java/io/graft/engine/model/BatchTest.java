package io.graft.engine.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.engine.generate.Generation;
import io.graft.engine.generate.Generator;
import io.graft.engine.generate.Request;
import io.graft.engine.generate.TokenListener;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.json.Json;
import io.graft.tests.Fixtures;
import io.graft.tests.Golden;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Several texts in a pass: each as it is alone, however they are packed and cut. */
class BatchTest {

    /** Five texts of one checkpoint, some longer than its windows; truth: each alone, in double. */
    record Case(String name, Path checkpoint, Golden golden, double bound) {
        CausalLm open() { return new CausalLm(architecture(), new FileWeights(checkpoint), TestKernels.SHARED); }

        Architecture architecture() { return Architectures.of(name, Json.readObject(checkpoint.resolve("config.json"))); }

        int[][] texts() {
            int[] all = golden.ints("packed.input_ids"), cuts = golden.ints("packed.cu_seqlens");
            return IntStream.range(0, cuts.length - 1).mapToObj(i -> Arrays.copyOfRange(all, cuts[i], cuts[i + 1])).toArray(int[][]::new);
        }

        @Override
        public String toString() { return name; }
    }

    static List<Case> cases() {
        Path manifest = Fixtures.require("fixtures/batch/manifest.json");
        List<Case> cases = new ArrayList<>();
        JsonObject all = Json.readObject(manifest);
        for (String name : all.keySet()) {
            Path checkpoint = manifest.resolveSibling(all.getAsJsonObject(name).get("checkpoint").getAsString()), golden = manifest.resolveSibling(name + ".safetensors");
            if (Files.exists(golden)) cases.add(new Case(name, checkpoint, new Golden(golden), all.getAsJsonObject(name).get("logits_bound").getAsDouble()));
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void packedTextsAreEachAsAlone(Case fixture) {
        try (CausalLm model = fixture.open(); Session session = model.session()) {
            int[][] texts = fixture.texts();
            float[][] packed = packed(session, texts);
            int row = 0;
            double worst = 0, apart = 0;
            for (int[] text : texts) {
                float[][] alone = CausalLmTest.logits(session, text, null);
                for (int t = 0; t < text.length; t++, row++) {
                    double[] truth = fixture.golden().row("packed.logits64", row);
                    for (int v = 0; v < truth.length; v++) {
                        worst = Math.max(worst, Math.max(Math.abs(truth[v] - packed[row][v]), Math.abs(truth[v] - alone[t][v])));
                        apart = Math.max(apart, Math.abs(packed[row][v] - alone[t][v]));
                    }
                }
            }
            System.out.printf("batch %s: largest difference %.2g, packed from alone %.2g, bound %.2g%n", fixture, worst, apart, fixture.bound());
            assertTrue(worst <= fixture.bound(), fixture + ": " + worst);
        }
    }

    /** Prompts that a batch pads on the left: the generator takes them as they are. */
    @ParameterizedTest
    @MethodSource("cases")
    void promptsOfDifferentLengthsGoOnAsAlone(Case fixture) {
        int[] ids = fixture.golden().ints("left.input_ids"), mask = fixture.golden().ints("left.attention_mask");
        int texts = fixture.golden().shape("left.input_ids")[0], width = fixture.golden().shape("left.input_ids")[1], steps = fixture.golden().shape("left.greedy_ids")[1];
        List<Request> requests = new ArrayList<>();
        for (int text = 0; text < texts; text++) {
            int at = text * width, end = at + width;
            requests.add(new Request(IntStream.range(at, end).filter(i -> mask[i] == 1).map(i -> ids[i]).toArray(), steps));
        }
        try (CausalLm model = fixture.open(); Generator generator = new Generator(model)) {
            List<Generation> together = generator.generate(requests, TokenListener.NONE, () -> false);
            for (int text = 0; text < texts; text++) {
                double[] margins = fixture.golden().row("left.greedy_margin", text), expected = fixture.golden().row("left.greedy_ids", text);
                for (int step = 0; step < steps && margins[step] > 2 * fixture.bound(); step++)
                    assertEquals((int) expected[step], together.get(text).ids()[step], fixture + " text " + text + " token " + step);
            }
        }
    }

    /** A prompt in pieces, through the cache, is the prompt whole: what rounding leaves is under the bound. */
    @ParameterizedTest
    @MethodSource("cases")
    void aPromptInPiecesIsThePromptWhole(Case fixture) {
        int[] text = Arrays.stream(fixture.texts()).max((a, b) -> a.length - b.length).orElseThrow();
        try (CausalLm model = fixture.open(); Session session = model.session(); KvCache cache = session.cache(1)) {
            float[][] whole = CausalLmTest.logits(session, text, null);
            Batch batch = new Batch();
            for (int at = 0, piece = 1; at < text.length; at += piece, piece = piece % 3 + 1) {
                piece = Math.min(piece, text.length - at);
                batch.clear();
                session.run(batch.add(cache, text, at, at + piece));
                int last = at + piece - 1;
                session.logits(new int[] {piece - 1}, 1, (_, row) -> {
                    for (int v = 0; v < row.length; v++) assertEquals(whole[last][v], row[v], 2 * fixture.bound(), "position " + last);
                });
            }
            assertEquals(text.length, cache.length());
        }
    }

    /** With tables made in double, attention depends on differences of positions only, wherever a text begins. */
    @Test
    void positionsFarFromZeroGiveTheSameLogits() {
        Path folder = Fixtures.require("fixtures/rope/far.safetensors").getParent();
        Golden golden = new Golden(folder.resolve("far.safetensors"));
        JsonObject far = Json.readObject(folder.resolve("manifest.json")).getAsJsonObject("far");
        double worst = 0;
        for (String name : far.keySet()) {
            Case fixture = new Case(name, folder.resolve(far.getAsJsonObject(name).get("checkpoint").getAsString()), golden, 3e-5);
            int[] ids = golden.ints(name + ".input_ids");
            try (CausalLm model = fixture.open(); Session session = model.session()) {
                for (int start : golden.ints(name + ".starts"))
                    try (KvCache cache = session.cache(ids.length, start)) {
                        session.run(new Batch().add(cache, ids, 0, ids.length));
                        double[] found = {0};
                        session.logits(IntStream.range(0, ids.length).toArray(), ids.length, (t, row) -> {
                            double[] truth = golden.row(name + ".logits64", t);
                            for (int v = 0; v < row.length; v++) found[0] = Math.max(found[0], Math.abs(truth[v] - row[v]));
                        });
                        worst = Math.max(worst, found[0]);
                    }
            }
        }
        System.out.printf("far positions: largest difference %.2g, bound 3e-5%n", worst);
        assertTrue(worst <= 3e-5, "" + worst);
    }

    @Test
    void aCacheThatWasCutForgets() {
        Case fixture = cases().getFirst();
        int[] text = fixture.texts()[0];
        try (CausalLm model = fixture.open(); Session session = model.session(); KvCache cache = session.cache(2)) {
            float[][] first = new float[1][], again = new float[1][];
            session.run(new Batch().add(cache, text, 0, text.length));
            session.logits(new int[] {text.length - 1}, 1, (_, row) -> first[0] = row.clone());
            cache.truncate(0);
            session.run(new Batch().add(cache, text, 0, text.length));
            session.logits(new int[] {text.length - 1}, 1, (_, row) -> again[0] = row.clone());
            assertArrayEquals(first[0], again[0]);
            assertThrows(IllegalArgumentException.class, () -> cache.truncate(text.length + 1));
            assertThrows(IllegalArgumentException.class, () -> new Batch().add(cache, text, 0, 1).add(cache, text, 0, 1));
        }
    }

    private static float[][] packed(Session session, int[][] texts) {
        Batch batch = new Batch();
        List<KvCache> caches = new ArrayList<>();
        try {
            for (int[] text : texts) {
                caches.add(session.cache(text.length));
                batch.add(caches.getLast(), text, 0, text.length);
            }
            session.run(batch);
            float[][] logits = new float[batch.rows()][];
            session.logits(IntStream.range(0, logits.length).toArray(), logits.length, (i, row) -> logits[i] = row.clone());
            return logits;
        } finally {
            caches.forEach(KvCache::close);
        }
    }
}
