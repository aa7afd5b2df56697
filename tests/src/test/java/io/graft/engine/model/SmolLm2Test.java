package io.graft.engine.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.generate.Generation;
import io.graft.engine.generate.Generator;
import io.graft.engine.generate.Request;
import io.graft.engine.generate.TokenListener;
import io.graft.engine.reference.Doubles;
import io.graft.formats.gguf.GgufModel;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.json.Json;
import io.graft.formats.tokenizer.Tokenizer;
import io.graft.formats.weights.ModelWeights;
import io.graft.tests.Fixtures;
import io.graft.tests.Golden;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The real SmolLM2-135M-Instruct, straight from its GGUF, against what Transformers computes of the same weights in float32. */
class SmolLm2Test {

    private static CausalLm model;
    private static Tokenizer tokenizer;
    private static Golden golden;
    private static JsonObject texts;

    @BeforeAll
    static void open() {
        Path file = Path.of(System.getProperty("user.home"), ".cache/graft-models/SmolLM2-135M-Instruct.Q4_1.gguf");
        Assumptions.assumeTrue(Files.exists(file), "no SmolLM2 in ~/.cache/graft-models (shared/models/fetch-smollm2 fetches it)");
        golden = new Golden(Fixtures.require("models/smollm2/golden.safetensors"));
        texts = Json.readObject(Fixtures.require("models/smollm2/golden.json"));
        GgufModel source = GgufModel.open(file);
        tokenizer = Tokenizer.fromJson("smollm2", Json.parse("tokenizer.json", source.sideFiles().get("tokenizer.json")).getAsJsonObject());
        model = new CausalLm(Architectures.of(source.name(), source.config()), ModelWeights.of(source), TestKernels.SHARED);
    }

    @AfterAll
    static void close() {
        if (model != null) model.close();
    }

    private static List<JsonObject> entries(String... kinds) {
        List<JsonObject> all = new ArrayList<>();
        for (String kind : kinds) texts.getAsJsonArray(kind).forEach(entry -> all.add(entry.getAsJsonObject()));
        return all;
    }

    /** Of the long texts, the golden data has the first tokens. */
    @Test
    void idsAreThoseOfTransformers() {
        for (JsonObject entry : entries("chat", "plain", "perplexity")) {
            int[] expected = golden.ints("ids." + entry.get("n").getAsInt()), found = tokenizer.ids(entry.get("text").getAsString(), false);
            assertArrayEquals(expected, entry.has("perplexity") ? Arrays.copyOf(found, expected.length) : found);
        }
    }

    /** All golden numbers of a text out of one pass. Perplexities: 10.31 and 76.46, to the losses' bound. */
    @Test
    void everyLossLogitAndHiddenStateIsThatOfTransformers() {
        double[] worst = {0, 0, 0};
        try (Session session = model.session()) {
            for (int n = 0; n < 8; n++) {
                int[] ids = golden.ints("ids." + n);
                double[] norms = golden.doubles("hidden_norm." + n), last = golden.doubles("logits_last." + n), losses = golden.doubles("nll." + n);
                float[] found = new float[losses.length];
                try (KvCache cache = session.cache(ids.length)) {
                    session.run(new Batch().add(cache, ids, 0, ids.length), (name, value) -> {
                        if (name.startsWith("hidden.")) worst[0] = Math.max(worst[0], normDifference(Doubles.of(value), norms, Integer.parseInt(name.substring(7)) * ids.length));
                    });
                    session.logits(new int[] {ids.length - 1}, 1, (_, row) -> {
                        for (int v = 0; v < row.length; v++) worst[1] = Math.max(worst[1], Math.abs(row[v] - last[v]));
                    });
                    session.losses(IntStream.range(0, losses.length).toArray(), Arrays.copyOfRange(ids, 1, ids.length), found, null);
                }
                for (int i = 0; i < losses.length; i++) worst[2] = Math.max(worst[2], Math.abs(losses[i] - found[i]));
                for (JsonObject entry : entries("perplexity"))
                    if (entry.get("n").getAsInt() == n) {
                        double mean = IntStream.range(0, found.length).mapToDouble(i -> found[i]).average().orElseThrow(), expected = entry.get("perplexity").getAsDouble();
                        assertEquals(expected, Math.exp(mean), 1e-4 * expected);
                    }
            }
        }
        System.out.printf("smollm2: largest difference of a hidden state's norm %.2g, of a logit %.2g, of a loss %.2g%n", worst[0], worst[1], worst[2]);
        assertEquals(0, worst[0], 1e-4);
        assertEquals(0, worst[1], 1e-3);
        assertEquals(0, worst[2], 1e-4);
    }

    private static double normDifference(double[] rows, double[] norms, int at) {
        double worst = 0;
        for (int t = 0; t < rows.length / 576; t++) {
            double square = 0;
            for (int i = 0; i < 576; i++) square += rows[t * 576 + i] * rows[t * 576 + i];
            worst = Math.max(worst, Math.abs(Math.sqrt(square) / norms[at + t] - 1));
        }
        return worst;
    }

    /** Greedy texts, all together, each until a margin is below the error of float32, about 1e-3. */
    @Test
    void greedyTextsAreThoseOfTransformers() {
        List<JsonObject> entries = entries("chat", "plain");
        List<Request> requests = new ArrayList<>();
        for (JsonObject entry : entries) requests.add(new Request(golden.ints("ids." + entry.get("n").getAsInt()), entry.getAsJsonArray("greedy_ids").size()));
        try (Generator generator = new Generator(model)) {
            List<Generation> found = generator.generate(requests, TokenListener.NONE, () -> false);
            for (int i = 0; i < entries.size(); i++) {
                JsonArray ids = entries.get(i).getAsJsonArray("greedy_ids"), margins = entries.get(i).getAsJsonArray("margins");
                for (int step = 0; step < ids.size() && margins.get(step).getAsDouble() > 2e-3; step++)
                    assertEquals(ids.get(step).getAsInt(), found.get(i).ids()[step], "text " + i + " token " + step);
            }
        }
    }
}
