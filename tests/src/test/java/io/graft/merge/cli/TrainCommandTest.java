package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import io.graft.merge.train.TrainListener.Step;
import io.graft.merge.train.TrainListener.Validation;
import io.graft.merge.train.TrainOutline;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCommandTest {

    @TempDir
    Path folder;
    private String config;

    @BeforeEach
    void files() throws Exception {
        Files.writeString(folder.resolve("config.json"), """
                {"model_type": "llama", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 31, "rms_norm_eps": 1e-5}""");
        Files.writeString(folder.resolve("a.jsonl"), "{\"ids\": [1, 2, 3, 4, 5]}\n{\"ids\": [7, 8, 9]}\n");
        config = Files.writeString(folder.resolve("train.yml"), """
                model: {config: %1$s/config.json}
                output: %1$s/out
                data: %1$s/a.jsonl
                validation: %1$s/a.jsonl
                max_steps: 4
                optimizer: {lr: 1e-2}
                """.formatted(folder)).toString();
    }

    @Test
    void trainsAndSaysWhatItDid() throws Exception {
        CommandLineRun run = CommandLineRun.of("train", config, "--json", "--threads", "1");
        assertEquals(0, run.status(), run.err());
        JsonObject json = Json.parse("stdout", run.out()).getAsJsonObject();
        assertEquals(Set.of("output", "output_step", "completed", "steps", "resumed_from", "tokens", "seconds", "loss", "validation", "metrics"), json.keySet());
        assertEquals(4, json.get("steps").getAsInt());
        assertEquals(2, json.getAsJsonArray("validation").size());
        assertEquals(6, Files.readAllLines(Path.of(json.get("metrics").getAsString())).size(), "four steps, a validation before and one after");
        String page = Files.readString(folder.resolve("out.train/training.html"));
        assertTrue(page.contains("It has ended.") && !page.contains("http-equiv=\"refresh\"") && page.contains("<path class=\"main\""), page);
        CommandLineRun again = CommandLineRun.of("train", config);
        assertEquals(2, again.status());
        assertTrue(again.err().contains("the output folder is not empty"), again.err());
        CommandLineRun table = CommandLineRun.of("train", config, "--force", "--set", "max_steps=2", "-q");
        assertEquals(0, table.status(), table.err());
        assertTrue(table.out().contains("2 steps") && table.out().contains("validation"), table.out());
        assertEquals("", table.err());
    }

    @Test
    void aDryRunWritesNothing() {
        CommandLineRun run = CommandLineRun.of("train", config, "--dry-run");
        assertEquals(0, run.status(), run.err());
        assertTrue(run.out().contains("self_attn.q_proj") && run.out().contains("AdamW's two moments") && run.out().contains("a step: about"), run.out());
        CommandLineRun json = CommandLineRun.of("train", config, "--dry-run", "--json");
        assertEquals(Json.parse("stdout", json.out()).getAsJsonObject().get("trained").getAsLong(), 2 * 31 * 16 + 4 * 16 * 16 + 3 * 16 * 24 + 3 * 16);
        assertFalse(Files.exists(folder.resolve("out")) || Files.exists(folder.resolve("out.train")));
    }

    @Test
    void mistakesAreToldTogether() {
        CommandLineRun run = CommandLineRun.of("train", config, "--set", "optimzer.lr=1", "--set", "batch_size=0");
        assertEquals(2, run.status());
        assertTrue(run.err().contains("--set optimzer.lr: unknown key 'optimzer'") && run.err().contains("did you mean optimizer?") && run.err().contains("batch_size must be a whole number"), run.err());
        assertEquals(2, CommandLineRun.of("train", config, "--resume", "--restart").status());
        CommandLineRun failed = CommandLineRun.of("train", config, "--set", "optimizer.lr=1e38", "--set", "optimizer.clip=0");
        assertEquals(1, failed.status(), failed.out());
        assertTrue(failed.err().contains("not finite") && failed.err().contains("hint: "), failed.err());
    }

    /** A long training's page stays small, and its curves stand where the numbers say. */
    @Test
    void aPageOfManyStepsIsSmall() {
        List<Step> steps = new ArrayList<>();
        for (int i = 1; i <= 20_000; i++) steps.add(new Step(i, 0, 2 + Math.sin(i / 1000.0), 1e-4, i == 7 ? Double.NaN : 1, 100, 90, i / 1000.0, i == 7, 500));
        TrainOutline outline = new TrainOutline("<model>", 10, 5, List.of(), 20_000, List.of(), null, 1, 100, List.of(), 1);
        String page = new TrainPage(folder.resolve("page.html"), "a & b", outline, steps, List.of(new Validation(0, 3, false), new Validation(20_000, 1, true))).html(true, "It runs.");
        assertTrue(page.length() < 120_000, "bytes " + page.length());
        assertTrue(page.contains("&lt;model&gt;") && page.contains("a &amp; b") && page.contains("http-equiv=\"refresh\"") && page.contains("1 steps whose loss"), page);
        assertEquals(2, page.split("<circle", -1).length - 1);
        assertFalse(page.contains("NaN") || page.contains("Infinity"));
    }

    @Test
    void anExampleIsPrintedAndAConfigurationIsNeeded() {
        CommandLineRun example = CommandLineRun.of("train", "--example");
        assertEquals(0, example.status(), example.err());
        assertEquals(io.graft.merge.train.TrainConfig.example(), example.out());
        CommandLineRun none = CommandLineRun.of("train");
        assertEquals(2, none.status());
        assertTrue(none.err().contains("which configuration?") && none.err().contains("--example"), none.err());
    }
}
