package io.graft.merge.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.autograd.Parameter;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.memory.DType;
import io.graft.engine.model.Batch;
import io.graft.engine.model.CausalLm;
import io.graft.engine.model.KvCache;
import io.graft.engine.model.Session;
import io.graft.engine.train.AdamW;
import io.graft.engine.train.Parameters;
import io.graft.engine.train.TrainBatch;
import io.graft.engine.train.Trainer;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelSources;
import io.graft.formats.peft.Adapter;
import io.graft.formats.peft.AdapterConfig;
import io.graft.formats.weights.ModelWeights;
import io.graft.tests.Fixtures;
import io.graft.tests.GoldenTensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AdaptationTest {

    private static final int[] IDS = {5, 17, 80, 3, 250, 99, 42, 7, 7, 131, 12};

    /** Adapters that are begun, trained and saved. */
    enum Kind {
        PLAIN("llama", "{r: 4, lora_alpha: 8, target_modules: [q_proj, v_proj]}"),
        GAUSSIAN("llama", "{r: 3, lora_alpha: 8, init_lora_weights: gaussian, lora_dropout: 0.25, target_modules: '.*[13]\\\\..*(q|down)_proj'}"),
        PATTERNS("qwen2", "{r: 4, lora_alpha: 8, use_rslora: true, rank_pattern: {v_proj: 2, 'layers.1.mlp.up_proj': 5}, alpha_pattern: {'.*mlp.*': 3}, target_modules: all-linear}"),
        DORA("qwen2", "{r: 4, lora_alpha: 8, use_dora: true, bias: lora_only, layers_to_transform: [0, 2], target_modules: [k_proj, down_proj]}"),
        EMBEDDING("llama", "{r: 4, lora_alpha: 8, target_modules: [embed_tokens, lm_head, o_proj]}"),
        DORA_EMBEDDING("llama", "{r: 4, lora_alpha: 8, use_dora: true, target_modules: [embed_tokens, lm_head]}"),
        TIED_HEAD("qwen2", "{r: 4, lora_alpha: 8, target_modules: [lm_head, q_proj]}"),
        SAVED_HEAD("qwen2", "{r: 4, lora_alpha: 8, modules_to_save: [lm_head], bias: all, target_modules: [q_proj]}"),
        SAVED_EMBEDDING("qwen2", "{r: 4, lora_alpha: 8, modules_to_save: [embed_tokens], target_modules: [q_proj]}"),
        SAVED_TOGETHER("qwen2", "{r: 4, lora_alpha: 8, modules_to_save: [embed_tokens], ensure_weight_tying: true, target_modules: [q_proj]}"),
        SAVED_NORMS("gemma2", "{r: 4, lora_alpha: 8, modules_to_save: [post_feedforward_layernorm], target_modules: [embed_tokens, up_proj]}");

        final String checkpoint;
        private final String json;

        Kind(String checkpoint, String json) {
            this.checkpoint = checkpoint;
            this.json = json;
        }

        Path base() { return Fixtures.require("fixtures/checkpoints/" + checkpoint); }

        AdapterConfig config() {
            JsonObject config = new Gson().fromJson(json, JsonObject.class);
            config.addProperty("peft_type", "LORA");
            return AdapterConfig.of(name(), config);
        }
    }

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(Kind.class)
    void whatIsSavedIsWhatWasTrained(Kind kind) {
        double before = train(kind, folder.resolve("start"), 0), after = train(kind, folder.resolve("end"), 5);
        assertTrue(after < before - 0.05, "five steps lower the loss: " + before + " to " + after);
        float[] base = logits(kind.base().toString());
        // A fresh adapter changes nothing: B, or an embedding's A, is zero. DoRA divides norms by themselves: rounding, bounded as logits are (fixtures/arch).
        assertEquals(0, largest(base, logits(kind.base() + "+" + folder.resolve("start"))), kind.config().dora() ? 3e-5 : 0);
        assertEquals(after, loss(logits(kind.base() + "+" + folder.resolve("end")), base.length / IDS.length), 1e-5);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aSavedAdapterGoesOnFromWhereItWas(Kind kind) {
        double after = train(kind, folder.resolve("end"), 3);
        try (ModelSource base = ModelSources.open(kind.base().toString()); Adapter adapter = ModelSources.openAdapter(folder.resolve("end"))) {
            Adaptation adaptation = Adaptation.of(adapter, base);
            assertEquals(after, trained(base, adaptation, 0, folder.resolve("again")), 0, "the same bits");
        }
        assertEquals(GoldenTensors.read(folder.resolve("end/adapter_model.safetensors")).keySet(), GoldenTensors.read(folder.resolve("again/adapter_model.safetensors")).keySet());
        assertEquals(Json.readObject(folder.resolve("end/adapter_config.json")), Json.readObject(folder.resolve("again/adapter_config.json")));
    }

    /** Dropout, DoRA, adapted embeddings and heads, whole copies: no thread and no vector changes a byte. */
    @ParameterizedTest
    @EnumSource(names = {"GAUSSIAN", "DORA", "DORA_EMBEDDING", "SAVED_TOGETHER"})
    void theSameBytesForAnyThreadsAndKernels(Kind kind) throws IOException {
        train(kind, folder.resolve("one"), 4);
        try (ModelSource base = ModelSources.open(kind.base().toString())) {
            for (String name : new String[] {null, "scalar"})
                try (Kernels kernels = Kernels.open(name, 3)) {
                    trained(base, Adaptation.fresh(kind.config(), base, 1), 4, folder.resolve("other"), kernels);
                    assertEquals(-1, Files.mismatch(folder.resolve("one/adapter_model.safetensors"), folder.resolve("other/adapter_model.safetensors")), "kernels " + name);
                }
        }
    }

    @Test
    void factorsDependOnSeedAndModuleAlone() {
        train(Kind.PLAIN, folder.resolve("a"), 0);
        train(Kind.EMBEDDING, folder.resolve("b"), 0);
        Map<String, float[]> plain = GoldenTensors.read(folder.resolve("a/adapter_model.safetensors"));
        float[] q = plain.get("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"), v = plain.get("base_model.model.model.layers.0.self_attn.v_proj.lora_A.weight");
        assertFalse(Arrays.equals(q, v));
        double bound = 1 / Math.sqrt(48), sum = 0;
        for (float value : q) {
            assertTrue(Math.abs(value) <= bound);
            sum += value * value;
        }
        // Variance of a uniform distribution: bound²/3; of its mean square over 192 values: (4/45) bound⁴ / 192. Five deviations.
        assertEquals(bound * bound / 3, sum / q.length, 5 * bound * bound * Math.sqrt(4.0 / 45 / q.length));
        try (ModelSource base = ModelSources.open(Kind.PLAIN.base().toString())) {
            AdapterConfig all = AdapterConfig.of("all", Json.parse("all", "{\"peft_type\": \"LORA\", \"r\": 4, \"target_modules\": \"all-linear\"}").getAsJsonObject());
            trained(base, Adaptation.fresh(all, base, 1), 0, folder.resolve("c"));
        }
        assertTrue(Arrays.equals(q, GoldenTensors.read(folder.resolve("c/adapter_model.safetensors")).get("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight")));
        assertEquals(List.of("down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"),
                Json.readObject(folder.resolve("c/adapter_config.json")).getAsJsonArray("target_modules").asList().stream().map(com.google.gson.JsonElement::getAsString).toList());
    }

    @Test
    void whatCannotBeTrainedIsRefusedBeforeAnythingIsAllocated() {
        refused("llama", "{target_modules: [q_porj]}", "q_proj");
        refused("llama", "{target_modules: 'nothing.*'}", "adapts nothing");
        refused("llama", "{target_modules: [input_layernorm]}", "no linear map");
        refused("llama", "{target_modules: [q_proj], modules_to_save: [lm_heads]}", "lm_head");
        refused("llama", "{target_modules: [q_proj, lm_head], modules_to_save: [lm_head]}", "saved whole");
        refused("qwen2", "{target_modules: [embed_tokens], ensure_weight_tying: true}", "ensure_weight_tying");
        refused("llama", "{target_modules: [q_proj], r: 0}", "over 0");
        refused("llama", "{target_modules: [q_proj], lora_dropout: 1}", "below 1");
        refused("llama", "{target_modules: [q_proj], init_lora_weights: pissa}", "gaussian");
    }

    private static void refused(String checkpoint, String json, String says) {
        JsonObject config = new Gson().fromJson(json, JsonObject.class);
        config.addProperty("peft_type", "LORA");
        try (ModelSource base = ModelSources.open(Fixtures.require("fixtures/checkpoints/" + checkpoint).toString())) {
            RequestException error = assertThrows(RequestException.class, () -> Adaptation.fresh(AdapterConfig.of("lora", config), base, 1), json);
            assertTrue((error.getMessage() + error.hint()).contains(says), error.getMessage() + " / " + error.hint());
        }
    }

    /** PEFT loads every kind, and the logits are Graft's; where python3 has it (another Python: -Dgraft.python). Bound: logits_bound of fixtures/arch. */
    @Test
    void peftLoadsWhatIsSavedAndComputesTheSame() throws IOException, InterruptedException {
        Assumptions.assumeTrue(python("-c", "import peft, transformers, torch") == 0, "python3 has no peft: PEFT was not asked to load the adapters that we write");
        List<String> arguments = new ArrayList<>(List.of("-c", SCRIPT, folder.resolve("peft.safetensors").toString(), Arrays.toString(IDS)));
        Map<Kind, Path> written = new LinkedHashMap<>();
        for (Kind kind : Kind.values()) {
            written.put(kind, folder.resolve(kind.name()));
            train(kind, written.get(kind), 5);
            arguments.addAll(List.of(kind.base().toString(), written.get(kind).toString()));
        }
        assertEquals(0, python(arguments.toArray(String[]::new)));
        Map<String, float[]> logits = GoldenTensors.read(folder.resolve("peft.safetensors"));
        written.forEach((kind, path) -> assertEquals(0, largest(logits.get(path.toString()), logits(kind.base() + "+" + path)), 5e-5, kind.name()));
    }

    private static final String SCRIPT = """
            import sys, json, torch
            from safetensors.torch import save_file
            from transformers import AutoModelForCausalLM
            from peft import PeftModel
            ids = torch.tensor([json.loads(sys.argv[2])])
            out = {}
            for base, adapter in zip(sys.argv[3::2], sys.argv[4::2]):
                model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, attn_implementation="eager")
                model = PeftModel.from_pretrained(model, adapter).eval()
                with torch.no_grad():
                    out[adapter] = model(ids).logits[0].clone()
            save_file(out, sys.argv[1])
            """;

    private static int python(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(System.getProperty("graft.python", "python3")));
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (status != 0 && arguments.length > 2) System.err.println(said);
            return status;
        } catch (IOException none) {
            return -1;
        }
    }

    private static double train(Kind kind, Path out, int steps) {
        try (ModelSource base = ModelSources.open(kind.base().toString())) {
            return trained(base, Adaptation.fresh(kind.config(), base, 1), steps, out);
        }
    }

    /** Trains on one text, writes, and returns the loss at the end. */
    private static double trained(ModelSource base, Adaptation adaptation, int steps, Path out) {
        try (Kernels kernels = Kernels.open(null, 1)) {
            return trained(base, adaptation, steps, out, kernels);
        }
    }

    private static double trained(ModelSource base, Adaptation adaptation, int steps, Path out, Kernels kernels) {
        try (Gradients gradients = new Gradients(kernels)) {
            @SuppressWarnings("resource") // closes the model, which its owner closes
            ModelWeights weights = new ModelWeights(base);
            try (Parameters parameters = new Parameters(weights, _ -> false, kernels);
                    Trainer trainer = new Trainer(Architectures.of(base.name(), base.config()), parameters, kernels, gradients)) {
                adaptation.apply(parameters, kernels);
                assertEquals(List.copyOf(adaptation.trained().keySet()).stream().sorted().toList(), parameters.trained().stream().map(Parameter::name).sorted().toList());
                List<TrainBatch> batch = List.of(new TrainBatch().add(IDS, IDS));
                try (AdamW optimizer = new AdamW(new AdamW.Settings(0.9, 0.999, 1e-8, 0, true, 0), parameters.trained(), kernels, gradients)) {
                    for (int step = 0; step < steps; step++) {
                        trainer.gradients(batch, 7, step);
                        optimizer.step(1e-2);
                    }
                }
                adaptation.write(out, parameters, DType.F32);
                return trainer.loss(batch);
            }
        }
    }

    private static float[] logits(String model) {
        try (ModelSource source = ModelSources.open(model); Kernels kernels = Kernels.open(null, 1);
                CausalLm lm = new CausalLm(Architectures.of(source.name(), source.config()), ModelWeights.of(source), kernels);
                Session session = lm.session(IDS.length); KvCache cache = session.cache(IDS.length)) {
            int vocabulary = lm.architecture().vocabulary();
            float[] logits = new float[IDS.length * vocabulary];
            session.run(new Batch().add(cache, IDS, 0, IDS.length), null);
            session.logits(IntStream.range(0, IDS.length).toArray(), IDS.length,
                    (t, row) -> System.arraycopy(row, 0, logits, t * vocabulary, vocabulary));
            return logits;
        }
    }

    private static double loss(float[] logits, int vocabulary) {
        double sum = 0;
        for (int t = 0; t + 1 < IDS.length; t++) {
            double total = 0;
            for (int v = 0; v < vocabulary; v++) total += Math.exp(logits[t * vocabulary + v]);
            sum += Math.log(total) - logits[t * vocabulary + IDS[t + 1]];
        }
        return sum / (IDS.length - 1);
    }

    private static double largest(float[] a, float[] b) {
        assertEquals(a.length, b.length);
        double largest = 0;
        for (int i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
        return largest;
    }
}
