package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.formats.huggingface.HuggingFaceFolder;
import io.graft.formats.json.Json;
import io.graft.tests.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MergeCommandTest {

    private final Path models = Fixtures.requireCommitted("fixtures/merge/models/swap");

    @TempDir
    Path folder;

    private Path recipe() throws IOException {
        return Files.writeString(folder.resolve("swap.yml"), "merge_method: layer_swap\nbase_model: " + models.resolve("base") + "\nlanguage: " + models.resolve("language") + "\ntask: " + models.resolve("math")
                + "\nbottom: 2\ntop: 1\n");
    }

    /** The command line of the usual notebook, with each flag of mergekit-yaml in both forms. */
    @Test
    void everyFlagOfMergekitIsAccepted() throws IOException {
        String out = folder.resolve("out").toString();
        CommandLineRun run = CommandLineRun.of("merge", recipe().toString(), out, "--copy-tokenizer", "--allow-crimes", "--out-shard-size", "1B", "--lazy-unpickle", "--trust-remote-code", "--cuda",
                "--lora-merge-cache", "cache", "--lora-merge-dtype", "float32", "--transformers-cache", "cache", "--device", "auto", "--no-low-cpu-memory", "--read-to-gpu", "--no-multi-gpu", "--gpu-rich",
                "--async-write", "--write-threads", "2", "--no-clone-tensors", "--safe-serialization", "--write-model-card", "--random-seed", "7", "-j", "2", "-v", "-v", "--memory", "64MiB");
        assertEquals(0, run.status(), run.err());
        assertEquals(1, run.err().lines().filter(line -> line.contains("without meaning here")).count());
        assertTrue(run.err().contains("--cuda"), run.err());
        CommandLineRun opposite = CommandLineRun.of("merge", recipe().toString(), out, "--force", "--no-copy-tokenizer", "--no-write-model-card", "--no-allow-crimes", "--no-cuda", "--no-lazy-unpickle",
                "--no-trust-remote-code", "--no-read-to-gpu", "--no-gpu-rich", "--no-async-write", "--no-safe-serialization", "--seed", "7", "--threads", "1", "-q");
        assertEquals(0, opposite.status(), opposite.err());
        assertFalse(Files.exists(folder.resolve("out/README.md")));
        assertFalse(opposite.err().contains("note"), opposite.err());
    }

    @Test
    void theSummaryIsOneJsonDocument() throws IOException {
        CommandLineRun run = CommandLineRun.of("merge", recipe().toString(), folder.resolve("out").toString(), "--json");
        assertEquals(0, run.status(), run.err());
        JsonObject json = Json.parse("stdout", run.out()).getAsJsonObject();
        try (HuggingFaceFolder merged = HuggingFaceFolder.open(folder.resolve("out"))) {
            assertEquals(merged.tensors().size(), json.get("tensors").getAsInt());
        }
        assertEquals(json.get("bytes").getAsLong(), json.get("copied_bytes").getAsLong() + json.get("computed_bytes").getAsLong());
        String card = Files.readString(folder.resolve("out/README.md"));
        assertTrue(card.startsWith("---\n") && card.contains("library_name: transformers") && card.contains("bottom: 2"), card);
        assertEquals(Files.readString(folder.resolve("swap.yml")), Files.readString(folder.resolve("out/mergekit_config.yml")));
    }

    @Test
    void wrongRequestsEndWithStatus2AndWriteNothing() throws IOException {
        String out = folder.resolve("out").toString();
        assertEquals(2, CommandLineRun.of("merge", folder.resolve("none.yml").toString(), out).status());
        assertEquals(2, CommandLineRun.of("merge", recipe().toString(), out, "--memory", "lots").status());
        assertEquals(2, CommandLineRun.of("merge", recipe().toString(), out, "--threads", "0").status());
        assertEquals(2, CommandLineRun.of("merge", recipe().toString(), folder.toString()).status());
        assertFalse(Files.exists(Path.of(out)));
    }

    @Test
    void sizesReadAsMergekitsAndAsUsual() {
        Sizes sizes = new Sizes();
        assertEquals(5_000_000_000L, sizes.convert("5B"));
        assertEquals(500_000_000L, sizes.convert("500M"));
        assertEquals(1_000_000_000L, sizes.convert("1GB"));
        assertEquals(64L << 20, sizes.convert("64MiB"));
        assertEquals(1_500L, sizes.convert("1.5k"));
        assertEquals(12L, sizes.convert("12"));
    }
}
