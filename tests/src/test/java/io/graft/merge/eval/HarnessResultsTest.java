package io.graft.merge.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lm-evaluation-harness writes becomes a result like ours. */
class HarnessResultsTest {

    private static final String DATE = "2026-01-02T03-04-05.678901";

    @TempDir
    Path folder;

    private Path results, samples;

    @BeforeEach
    void write() throws IOException {
        Path model = Files.createDirectories(folder.resolve("org__model"));
        results = Files.writeString(model.resolve("results_" + DATE + ".json"), """
                {"results": {"mgsm_direct": {"alias": "mgsm_direct"},
                  "mgsm_direct_sw": {"alias": "mgsm_direct_sw", "exact_match,remove_whitespace": 0.0, "exact_match_stderr,remove_whitespace": 0.0, "exact_match,flexible-extract": 0.5, "exact_match_stderr,flexible-extract": "N/A"},
                  "belebele_swh_Latn": {"alias": "b", "acc,none": 0.25, "acc_stderr,none": 0.01, "acc_norm,none": 0.75, "acc_norm_stderr,none": 0.01},
                  "wikitext": {"alias": "wikitext", "word_perplexity,none": 12.5, "word_perplexity_stderr,none": "N/A"}},
                 "groups": {"mgsm_direct": {"alias": "mgsm_direct"}}, "n-shot": {"mgsm_direct_sw": 2},
                 "n-samples": {"mgsm_direct_sw": {"original": 250, "effective": 2}, "belebele_swh_Latn": {"original": 900, "effective": 900}, "wikitext": {"original": 62, "effective": 62}}}
                """);
        samples = model.resolve("samples_mgsm_direct_sw_" + DATE + ".jsonl");
        Files.writeString(samples, line(0, "remove_whitespace", "18 is it", 0) + line(1, "remove_whitespace", "so 4", 0) + line(0, "flexible-extract", "18", 1) + line(1, "flexible-extract", "4", 0));
    }

    private static String line(int doc, String filter, String found, int right) {
        return "{\"doc_id\": " + doc + ", \"doc\": {\"question\": \"Swali\"}, \"target\": \"1" + (8 - doc) + "\", \"arguments\": {\"gen_args_0\": {\"arg_0\": \"Swali: x\\nAnswer:\", \"arg_1\": {\"until\": [\"Swali:\"]}}}, \"resps\": [[\" raw "
                + doc + "\"]], \"filtered_resps\": [\"" + found + "\"], \"filter\": \"" + filter + "\", \"metrics\": [\"exact_match\"], \"exact_match\": " + right + ".0}\n";
    }

    @Test
    void resultsAndSamplesBecomeOurs() {
        for (Path path : List.of(folder, results)) {
            List<EvalResult> all = HarnessResults.read(path);
            assertEquals(List.of("mgsm_direct_sw", "belebele_swh_Latn", "wikitext"), all.stream().map(EvalResult::task).toList());
            EvalResult mgsm = all.getFirst();
            assertEquals("flexible-extract", mgsm.primary());
            assertEquals(Metric.share("flexible-extract", 1, 2), mgsm.accuracy());
            assertEquals(0, mgsm.metrics().get("remove_whitespace").correct());
            assertArrayEquals(new boolean[] {true, false}, mgsm.right("flexible-extract"));
            EvalSample first = mgsm.samples().getFirst();
            assertEquals("Swali: x\nAnswer:", first.prompt());
            assertEquals(" raw 0", first.output());
            assertEquals("18", first.gold());
            assertEquals(new EvalSample.Verdict("18", true), first.verdicts().get("flexible-extract"));
            assertEquals(Metric.share("acc", 225, 900), all.get(1).accuracy());
            assertEquals(675, all.get(1).metrics().get("acc_norm").correct());
            assertEquals(12.5, all.get(2).metrics().get("word_perplexity").value());
        }
        assertEquals(Metric.share("flexible-extract", 1, 2), HarnessResults.read(samples).getFirst().accuracy());
    }

    @Test
    void whatDoesNotFitIsRefused() throws IOException {
        Files.writeString(samples, line(0, "flexible-extract", "18", 1) + line(1, "flexible-extract", "17", 1));
        assertTrue(assertThrows(RequestException.class, () -> HarnessResults.read(results)).getMessage().contains("do not give the result"));
        Files.writeString(samples, line(0, "flexible-extract", "18", 1) + line(0, "flexible-extract", "18", 1));
        assertTrue(assertThrows(RequestException.class, () -> HarnessResults.read(samples)).getMessage().contains("twice"));
        Files.writeString(samples, line(0, "flexible-extract", "18", 1) + line(1, "other", "18", 1));
        assertTrue(assertThrows(RequestException.class, () -> HarnessResults.read(samples)).getMessage().contains("lacks a filter"));
        Files.writeString(results, "{\"results\": {\"t\": {\"acc,none\": 0.5}}}");
        assertTrue(assertThrows(RequestException.class, () -> HarnessResults.read(results)).getMessage().contains("of how many"));
        Files.writeString(results, "{\"results\": {\"t\": {\"acc,none\": 0.3}}, \"n-samples\": {\"t\": {\"effective\": 2}}}");
        assertTrue(assertThrows(RequestException.class, () -> HarnessResults.read(results)).getMessage().contains("a share of 2 questions"));
        Files.writeString(results, "[]");
        assertThrows(RequestException.class, () -> HarnessResults.read(results));
        assertThrows(RequestException.class, () -> HarnessResults.read(Files.createDirectory(folder.resolve("empty"))));
    }
}
