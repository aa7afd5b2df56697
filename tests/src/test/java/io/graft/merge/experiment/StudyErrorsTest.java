package io.graft.merge.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.merge.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with a study is said at its line before anything is written. */
class StudyErrorsTest {

    @TempDir
    Path folder;

    private RequestException refused(String from, String to) {
        assertTrue(Studies.SMALL.contains(from), from);
        String text = Studies.SMALL.replace(from, to);
        return assertThrows(RequestException.class, () -> {
            try (StudyRun run = StudyRun.open(Studies.read(folder, text), Studies.options(folder), new StudyListener() {})) {
                assertNotNull(run);
            }
        });
    }

    private static void says(RequestException error, String... parts) {
        for (String part : parts) assertTrue((error.getMessage() + " hint: " + error.hint()).contains(part), error.getMessage() + " hint: " + error.hint());
    }

    @Test
    void wrongKeys() {
        says(refused("merges:", "merge:"), "study.yml:", "unknown key 'merge' in the study", "did you mean merges?");
        says(refused("max_steps: 6", "max_stepz: 6"), "study.yml:16:", "max_stepz", "max_steps");
        says(refused("bottom: 1, top: 1, output", "botom: 1, top: 1, output"), "study.yml:31:", "botom", "bottom");
        says(refused("limit: 6}\n", "limits: 6}\n"), "limits", "limit");
        says(refused("world/en_small", "world/en_smal"), "en_smal", "did you mean en_small?");
        says(refused("{world: math, lines: 64}", "{world: maths, lines: 64}"), "maths", "math");
        says(refused("max_steps: 6", "max_steps: 6\n      output: x"), "output is the study's to set");
    }

    @Test
    void wrongReferences() {
        says(refused("task: math, bottom: [0, 8]", "task: mathe, bottom: [0, 8]"), "study.yml:", "mathe");
        says(refused("permute: language", "permute: languages"), "there is no expert 'languages'");
        says(refused("allow_foreign: true, variants: [full]", "variants: [full]"), "looks foreign", "allow_foreign: true");
        says(refused("expert: math, layers: [0, 7]", "expert: composed, layers: [0, 7]"), "'composed'");
        says(refused("bottom: 1, top: 1, output: adapter}\n    variants: [lora]", "bottom: 1, top: 1, output: adapter}\n    variants: [full]"), "output: adapter needs experts that are adapters");
        says(refused("bottom: [0, 8]", "bottom: [0, 9]"), "study.yml:");
    }

    @Test
    void aMissingFileSaysWhatItIs() {
        says(refused("{world: math, lines: 64}", "{files: {en: en-sw/lafand_12k.en, sw: en-sw/lafand_12k.swa}, prompt: '{en}', completion: '{sw}'}"), "en-sw/lafand_12k.en", "LAFAND-MT", "CC BY-NC");
        says(refused("{name: small, task: world/en_small, limit: 6}", "{name: small, task: msvamp_sw}"), "msvamp");
        says(refused("data: [{file: data/language}]", "data: [{file: language.jsonl}]"), "no such file: language.jsonl");
    }

    /** The experts that come along are of the base that comes along; one with its units in another order is not. */
    @Test
    void anExpertOfAnotherBaseIsRefused() throws IOException {
        try (Shipped shipped = Shipped.open("bilingual-world")) {
            anExpertOfAnotherBaseIsRefused(shipped.folder(), folder.resolve("other"));
        }
    }

    private void anExpertOfAnotherBaseIsRefused(Path base, Path other) throws IOException {
        Files.createDirectories(other);
        for (String file : List.of("config.json", "tokenizer.json", "tokenizer_config.json")) Files.copy(base.resolve(file), other.resolve(file));
        writePermuted(base, other);
        String given = Studies.SMALL.replace("foreign: {permute: language, allow_foreign: true, variants: [full]}", "foreign: {path: " + other + "}");
        RequestException error = assertThrows(RequestException.class, () -> StudyRun.open(Studies.read(folder, given), Studies.options(folder), new StudyListener() {}).close());
        says(error, "study.yml:", "looks as if it were of another base", "times as long as the base", "allow_foreign: true");
        try (StudyRun run = StudyRun.open(Studies.read(folder, given.replace(other + "}", other + ", allow_foreign: true}")), Studies.options(folder), new StudyListener() {})) {
            assertTrue(run.plan().methods().stream().filter(method -> method.name().equals("foreign")).findFirst().orElseThrow().control());
        }
        String itself = Studies.SMALL.replace("foreign: {permute: language, allow_foreign: true, variants: [full]}", "foreign: {path: " + base + "}");
        StudyRun.open(Studies.read(folder, itself), Studies.options(folder), new StudyListener() {}).close();
    }

    private static void writePermuted(Path base, Path other) {
        var plan = io.graft.merge.plan.Planner.plan(io.graft.merge.Recipes.of("copy", "{merge_method: passthrough, models: [{model: m}]}"), _ -> new Permutation(io.graft.formats.model.ModelSources.open(base.toString()), 5));
        try (plan) {
            io.graft.merge.run.Merge.run(plan, other, io.graft.merge.run.MergeOptions.defaults().withForce(true));
        }
    }

    @Test
    void theCommandExitsWithTwoAndWritesNothing() throws IOException {
        Path study = folder.resolve("study.yml"), out = folder.resolve("out");
        Files.writeString(study, Studies.SMALL.replace("evaluations:", "evaluation:"));
        PrintStream err = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertEquals(2, Main.run("experiment", study.toString(), "--out", out.toString()));
            assertEquals(2, Main.run("experiment", "bilingual-wrld"));
            assertEquals(2, Main.run("experiment", study.toString(), "--fraction", "2"));
        } finally {
            System.setErr(err);
        }
        String text = said.toString(StandardCharsets.UTF_8);
        assertTrue(text.contains("unknown key 'evaluation' in the study") && text.contains("did you mean bilingual-world?"), text);
        assertFalse(Files.exists(out));
    }

    @Test
    void readyStudiesAreRead() {
        for (String name : ReadyStudies.names()) assertFalse(ReadyStudies.read(name, Optional.of(folder), folder).experts().isEmpty(), name);
    }
}
