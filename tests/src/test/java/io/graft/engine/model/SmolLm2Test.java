package io.graft.engine.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.generate.Generation;
import io.graft.engine.generate.Generator;
import io.graft.engine.generate.Request;
import io.graft.engine.generate.Scorer;
import io.graft.engine.generate.Scorer.Answer;
import io.graft.engine.generate.Scorer.Question;
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
import java.util.List;
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

    @Test
    void idsAreThoseOfTransformers() {
        for (JsonObject entry : entries("chat", "plain", "perplexity"))
            assertArrayEquals(golden.ints("ids." + entry.get("n").getAsInt()), tokenizer.ids(entry.get("text").getAsString(), false));
    }

    @Test
    void everyLossLogitAndHiddenStateIsThatOfTransformers() {
        double worstLoss = 0, worstLogit = 0, worstNorm = 0;
        try (Session session = model.session(); Scorer scorer = new Scorer(model)) {
            for (int n = 0; n < 8; n++) {
                int[] ids = golden.ints("ids." + n);
                Answer answer = scorer.score(List.of(new Question(ids, 1))).getFirst();
                double[] losses = golden.doubles("nll." + n), norms = golden.doubles("hidden_norm." + n), last = golden.doubles("logits_last." + n);
                for (int i = 0; i < losses.length; i++) worstLoss = Math.max(worstLoss, Math.abs(losses[i] - answer.losses()[i]));
                double[] worst = {0, 0};
                try (KvCache cache = session.cache(ids.length)) {
                    session.run(new Batch().add(cache, ids, 0, ids.length), (name, value) -> {
                        if (!name.startsWith("hidden.")) return;
                        int layer = Integer.parseInt(name.substring(7));
                        double[] rows = Doubles.of(value);
                        for (int t = 0; t < ids.length; t++) {
                            double square = 0;
                            for (int i = 0; i < 576; i++) square += rows[t * 576 + i] * rows[t * 576 + i];
                            worst[0] = Math.max(worst[0], Math.abs(Math.sqrt(square) / norms[layer * ids.length + t] - 1));
                        }
                    });
                    session.logits(new int[] {ids.length - 1}, 1, (_, row) -> {
                        for (int v = 0; v < row.length; v++) worst[1] = Math.max(worst[1], Math.abs(row[v] - last[v]));
                    });
                }
                worstNorm = Math.max(worstNorm, worst[0]);
                worstLogit = Math.max(worstLogit, worst[1]);
            }
        }
        System.out.printf("smollm2: largest difference of a loss %.2g, of a logit %.2g, of a hidden state's norm %.2g%n", worstLoss, worstLogit, worstNorm);
        assertEquals(0, worstLoss, 1e-4);
        assertEquals(0, worstLogit, 1e-3);
        assertEquals(0, worstNorm, 1e-4);
    }

    @Test
    void perplexitiesAreThoseOfTransformers() {
        try (Scorer scorer = new Scorer(model)) {
            for (JsonObject entry : entries("perplexity")) {
                int[] ids = golden.ints("ids." + entry.get("n").getAsInt());
                double mean = -scorer.score(List.of(new Question(ids, 1))).getFirst().logLikelihood() / (ids.length - 1);
                assertEquals(entry.get("perplexity").getAsDouble(), Math.exp(mean), 1e-4 * entry.get("perplexity").getAsDouble());
            }
        }
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
