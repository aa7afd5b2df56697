package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.WeightSource;
import io.graft.formats.json.Json;
import io.graft.formats.weights.ModelWeights;
import io.graft.merge.plan.TensorPlan;
import io.graft.merge.run.Models;
import io.graft.merge.run.VirtualMerge;
import io.graft.tests.Fixtures;
import io.graft.tests.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that run a model: generate, perplexity, score, trace; a merge that nobody writes among the models. */
class RunCommandsTest {

    private static final Path MODEL = Fixtures.requireCommitted("fixtures/checkpoints/llama_bf16"), GOLDEN = Fixtures.requireCommitted("fixtures/arch/llama_bf16.safetensors");
    private static final double BOUND = 3e-5; // arch/manifest.json

    @TempDir
    Path scratch;

    @Test
    void generateGoesOnWithIdsGreedily() {
        Golden golden = new Golden(GOLDEN);
        int[] expected = Arrays.copyOf(golden.ints("greedy_ids"), 8);
        JsonObject json = json(CommandLineRun.of("generate", MODEL.toString(), "--ids", words(golden.ints("prompt_ids")), "--max-new-tokens", "8", "--ignore-eos", "--stats", "--json"));
        assertEquals(Arrays.toString(expected).replace(" ", ""), json.get("ids").toString());
        assertTrue(json.get("text").isJsonNull());
        assertEquals("length", json.get("finish_reason").getAsString());
        for (String key : List.of("load_seconds", "prefill_tokens_per_second", "decode_tokens_per_second")) assertTrue(json.getAsJsonObject("stats").get(key).getAsDouble() > 0, key);
        CommandLineRun plain = CommandLineRun.of("generate", MODEL.toString(), "--ids", words(golden.ints("prompt_ids")), "-n", "8", "--ignore-eos");
        assertEquals(words(expected), plain.out().strip());
        assertTrue(plain.err().contains("has no tokenizer"), plain.err());
    }

    @Test
    void profileTellsWhereTheTimeGoesAndDrawsIt() throws IOException {
        Path page = scratch.resolve("profile.html"), recording = scratch.resolve("profile.jfr");
        JsonObject json = json(CommandLineRun.of("profile", MODEL.toString(), "--prefill", "9", "--decode", "2", "--json", "--html", page.toString(), "--jfr", recording.toString()));
        assertTrue(json.get("roof_flops_per_second").getAsDouble() > 0 && json.get("roof_bytes_per_second").getAsDouble() > 0);
        assertEquals(2, json.getAsJsonArray("phases").size());
        for (var phase : json.getAsJsonArray("phases")) {
            assertTrue(phase.getAsJsonObject().get("seconds").getAsDouble() > 0);
            assertTrue(phase.getAsJsonObject().getAsJsonArray("rows").asList().stream().anyMatch(row -> row.getAsJsonObject().get("operation").getAsString().equals("attention")));
        }
        String html = Files.readString(page);
        assertTrue(html.contains("decoding of 2 tokens") && !html.contains("http"), "a page that needs no network");
        assertTrue(Files.size(recording) > 0);
    }

    @Test
    void aSeedDecidesASampledText() {
        String[] command = {"generate", MODEL.toString(), "--ids", "1 2 3", "-n", "12", "--ignore-eos", "--temperature", "2", "--seed", "5", "--json"};
        CommandLineRun first = CommandLineRun.of(command), again = CommandLineRun.of(command);
        command[9] = "6";
        assertEquals(first.out(), again.out());
        assertFalse(first.out().equals(CommandLineRun.of(command).out()));
    }

    @Test
    void traceWritesWhatTransformersComputes() {
        Golden golden = new Golden(GOLDEN);
        int length = golden.shape("input_ids")[1];
        int[] ids = Arrays.copyOf(golden.ints("input_ids"), length);
        double[] truth = Arrays.copyOf(golden.doubles("logits64"), length * 300);
        for (String reference : new String[] {"--hidden", "--float64-reference"}) {
            Path out = scratch.resolve(reference + ".safetensors");
            ok(CommandLineRun.of("trace", MODEL.toString(), "--ids", words(ids), "--out", out.toString(), "--hidden", reference.equals("--hidden") ? "--json" : reference));
            Golden found = new Golden(out);
            assertArrayEquals(new int[] {length, 300}, found.shape("logits"));
            assertArrayEquals(truth, found.doubles("logits"), BOUND);
            for (int layer = 0; layer <= 4; layer++) assertArrayEquals(new int[] {length, 48}, found.shape("hidden." + layer));
            double loss = 0;
            for (int t = 0; t + 1 < length; t++) {
                double sum = 0;
                for (int v = 0; v < 300; v++) sum += Math.exp(truth[t * 300 + v]);
                loss += (Math.log(sum) - truth[t * 300 + ids[t + 1]]) / (length - 1);
            }
            assertEquals(loss, found.doubles("loss")[0], 2 * BOUND);
            if (found.has("logits64")) assertArrayEquals(truth, found.doubles("logits64"), 1e-10);
        }
    }

    /** Every token once, whatever the window; with one window, the losses of the golden logits. */
    @Test
    void perplexityScoresEveryTokenOnce() {
        Golden golden = new Golden(GOLDEN);
        int[] ids = Arrays.copyOf(golden.ints("input_ids"), golden.shape("input_ids")[1]);
        JsonObject whole = json(CommandLineRun.of("perplexity", MODEL.toString(), "--ids", words(ids), "--json"));
        assertEquals(ids.length - 1, whole.get("tokens").getAsInt());
        double sum = 0;
        for (int t = 0; t + 1 < ids.length; t++) {
            double[] logits = golden.row("logits64", t);
            double loss = Math.log(Arrays.stream(logits).map(Math::exp).sum()) - logits[ids[t + 1]];
            assertEquals(loss, whole.getAsJsonArray("nll").get(t).getAsDouble(), 2 * BOUND);
            sum += loss;
        }
        assertEquals(Math.exp(sum / (ids.length - 1)), whole.get("perplexity").getAsDouble(), 1e-4 * Math.exp(sum / (ids.length - 1)));
        JsonObject windows = json(CommandLineRun.of("perplexity", MODEL.toString(), "--ids", words(ids), "--window", "6", "--stride", "4", "--json"));
        assertEquals(ids.length - 1, windows.get("tokens").getAsInt());
        for (int t = 0; t < 5; t++) assertEquals(whole.getAsJsonArray("nll").get(t).getAsDouble(), windows.getAsJsonArray("nll").get(t).getAsDouble(), 1e-4);
        JsonObject apart = json(CommandLineRun.of("perplexity", MODEL.toString(), "--ids", words(Arrays.copyOf(ids, 8)), "--window", "4", "--stride", "4", "--json"));
        assertEquals(6, apart.get("tokens").getAsInt());
        assertTrue(apart.getAsJsonArray("nll").get(3).isJsonNull(), "the fifth token begins a window");
    }

    @Test
    void scoreAnswersALineForALine() throws IOException {
        Golden golden = new Golden(GOLDEN);
        int[] prompt = golden.ints("prompt_ids"), likely = Arrays.copyOf(golden.ints("greedy_ids"), 3);
        Path lines = scratch.resolve("lines.jsonl");
        Files.writeString(lines, "{\"context_ids\": " + Arrays.toString(prompt) + ", \"continuation_ids\": " + Arrays.toString(likely) + "}\n\n{\"context_ids\": [], \"continuation_ids\": [5, 6]}\n");
        CommandLineRun run = ok(CommandLineRun.of("score", MODEL.toString(), lines.toString()));
        List<JsonObject> answers = run.out().lines().map(line -> Json.parse("line", line).getAsJsonObject()).toList();
        assertEquals(2, answers.size());
        assertTrue(answers.get(0).get("greedy").getAsBoolean());
        assertEquals(3, answers.get(0).get("tokens").getAsInt());
        // An empty context is the token that begins texts, 1 in this config.
        JsonObject same = json(CommandLineRun.of("perplexity", MODEL.toString(), "--ids", "1 5 6", "--json"));
        assertEquals(-2 * same.get("mean_nll").getAsDouble(), answers.get(1).get("loglikelihood").getAsDouble(), 1e-4);
    }

    @Test
    void wrongRequestsAreStatusTwo() {
        assertEquals(2, CommandLineRun.of("generate", MODEL.toString(), "text").status());
        assertEquals(2, CommandLineRun.of("generate", MODEL.toString()).status());
        assertEquals(2, CommandLineRun.of("generate", MODEL.toString(), "--ids", "1 x").status());
        assertEquals(2, CommandLineRun.of("generate", MODEL.toString(), "--ids", "1 300").status());
        assertEquals(2, CommandLineRun.of("generate", MODEL.toString(), "--ids", "1", "--top-p", "3").status());
        assertEquals(2, CommandLineRun.of("generate", "nowhere", "--ids", "1").status());
        assertEquals(2, CommandLineRun.of("perplexity", MODEL.toString(), "--ids", "1").status());
        assertEquals(2, CommandLineRun.of("perplexity", MODEL.toString(), "--ids", "1 2", "--stride", "0").status());
    }

    @Test
    void anUnwrittenMergeRunsAsTheWrittenOne() throws IOException {
        Path recipe = swap(), out = scratch.resolve("out");
        ok(CommandLineRun.of("merge", recipe.toString(), out.toString()));
        Path virtual = scratch.resolve("virtual.safetensors"), written = scratch.resolve("written.safetensors");
        ok(CommandLineRun.of("trace", recipe.toString(), "--ids", "1 5 9 17 3", "--out", virtual.toString(), "--hidden"));
        ok(CommandLineRun.of("trace", out.toString(), "--ids", "1 5 9 17 3", "--out", written.toString(), "--hidden"));
        assertArrayEquals(Files.readAllBytes(written), Files.readAllBytes(virtual));
        assertEquals(0, CommandLineRun.of("generate", recipe.toString(), "--ids", "1 5", "-n", "3").status());
    }

    /** No file appears, copied tensors are the inputs' mapped bytes, and only the changed ones are allocated. */
    @Test
    void anUnwrittenMergeTakesTheMemoryOfWhatChanges() throws IOException {
        Path recipe = swap();
        List<Path> before = files();
        long live = Owner.liveBytes(), changed = 0;
        int copied = 0;
        VirtualMerge merge = (VirtualMerge) Models.open(recipe.toString());
        try (WeightSource weights = ModelWeights.of(merge)) {
            for (TensorPlan plan : merge.plan().tensors()) {
                Tensor tensor = weights.tensor(plan.name());
                assertEquals(plan.isCopied(), tensor.isMapped(), plan.name());
                if (plan.isCopied()) {
                    copied++;
                    assertTrue(tensor.owner().name().contains("models/swap"), tensor.owner().name());
                } else changed += tensor.bytes();
            }
            assertTrue(copied > 0 && changed > 0, copied + " copied, " + changed + " bytes changed");
            // Beside the changed tensors stands what one reader computes in: a piece of 32,768 elements of at most 4 bytes for each input and for the
            // result, whatever the model's size.
            long pieces = merge.plan().tensors().stream().filter(plan -> !plan.isCopied()).mapToInt(plan -> plan.operation().inputs().size()).max().orElseThrow() + 1;
            long reader = Owner.liveBytes() - live - changed;
            assertTrue(reader <= pieces * 4 * 32_768, "allocated " + (Owner.liveBytes() - live) + ", changed " + changed + ", " + pieces + " pieces");
        }
        assertEquals(live, Owner.liveBytes());
        assertEquals(before, files());
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> tree = Files.walk(scratch)) {
            return tree.sorted().toList();
        }
    }

    /** A swap of 8 layers: some of one expert, some of the other, one of each side blended. */
    private Path swap() throws IOException {
        Path models = Fixtures.requireCommitted("fixtures/merge/models/swap");
        return Files.writeString(scratch.resolve("swap.yml"), "merge_method: layer_swap\nbase_model: " + models.resolve("base") + "\nlanguage: " + models.resolve("language") + "\ntask: "
                + models.resolve("math") + "\nbottom: 2\ntop: 1\ntransition_bottom: 1\ntransition_top: 1\n");
    }

    private static String words(int[] ids) { return Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(" ")); }

    private static CommandLineRun ok(CommandLineRun run) {
        assertEquals(0, run.status(), run.err());
        return run;
    }

    private static JsonObject json(CommandLineRun run) { return Json.parse("stdout", ok(run).out()).getAsJsonObject(); }
}
