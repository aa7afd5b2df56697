package io.graft.merge.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.model.CausalLm;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.weights.ModelWeights;
import io.graft.merge.run.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks made by hand for a model whose every next word is known, so that each accuracy is known before it is measured. */
class EvaluationTest {

    @TempDir
    Path scratch;

    private Kernels kernels;
    private CausalLm lm;
    private EvalModel model;

    @BeforeEach
    void open() throws IOException {
        ModelSource source = Models.open(SuccessorModel.write(scratch.resolve("model")).toString());
        kernels = Kernels.open(null, 2);
        lm = new CausalLm(Architectures.of("successor", source.config()), ModelWeights.of(source), kernels);
        model = EvalModel.of(source, lm);
    }

    @AfterEach
    void close() {
        lm.close();
        kernels.close();
    }

    /** 4 a and 3 b are answered rightly, 3 c are answered "3 1" where 3 is right. */
    @Test
    void accuracyIsTheOneByConstruction() throws IOException {
        Path data = questions();
        EvalResult result = Evaluation.run(model, Tasks.load("exact:" + data, TaskSettings.of(scratch)), EvalOptions.DEFAULT, EvalListener.NONE);
        assertEquals(Metric.share("numeric", 7, 10), result.accuracy());
        assertEquals(List.of("a", "b", "c"), List.copyOf(result.groups().keySet()));
        assertEquals(4, result.groups().get("a").get("numeric").correct());
        assertEquals(0, result.groups().get("c").get("numeric").correct());
        EvalSample last = result.samples().getLast();
        assertEquals("{\"doc\":9,\"group\":\"c\",\"prompt\":\"what is c\",\"output\":\"3 1\",\"finish\":\"stop\",\"gold\":\"3\",\"extracted\":\"1\",\"correct\":false,"
                + "\"filters\":{\"numeric\":{\"extracted\":\"1\",\"correct\":false}}}", Json.line(last.json("numeric")));
    }

    @Test
    void aTaskOfAYamlFileHasItsOwnFiltersExamplesAndLength() throws IOException {
        questions();
        Files.writeString(scratch.resolve("examples.jsonl"), "{\"prompt\": \"what is a\", \"answer\": 1, \"set\": \"a\"}\n{\"prompt\": \"what is b\", \"answer\": 2, \"set\": \"b\"}\n");
        Path yaml = Files.writeString(scratch.resolve("mine.yml"), """
                data: questions.jsonl
                prompt: "? {prompt}"
                examples: examples.jsonl
                shots: 1
                separator: " . "
                max_new_tokens: 2
                filters:
                  - {name: whole}
                  - {name: first, pattern: '^(\\d)', match: numeric}
                  - {name: contains, extract: last_number, of_gold: true, match: harness}
                metric: first
                """);
        EvalTask task = Tasks.load(yaml.toString(), TaskSettings.of(scratch));
        EvalResult result = Evaluation.run(model, task, EvalOptions.DEFAULT, EvalListener.NONE);
        assertEquals("? what is a 1 . ? what is a", result.samples().getFirst().prompt());
        assertEquals(10, result.accuracy().correct());
        assertEquals(7, result.metrics().get("whole").correct());
        assertEquals("length", result.samples().getLast().finish());
        assertEquals("mine", result.task());
        EvalResult none = Evaluation.run(model, Tasks.load(yaml.toString(), new TaskSettings(scratch, 0, false)), new EvalOptions(false, 1, 64), EvalListener.NONE);
        assertEquals("? what is a", none.samples().getFirst().prompt());
        assertEquals(10, none.metrics().get("whole").correct(), "one token: 3, without the 1 after it");
    }

    /** What is wrong with a task is said all at once, with lines and a suggestion. */
    @Test
    void aWrongYamlFileIsRefused() throws IOException {
        Path yaml = Files.writeString(scratch.resolve("wrong.yml"), "prompts: x\nkind: guess\nfilters: [{name: a, pattern: '('}, {name: a}]\n");
        RequestException error = assertThrows(RequestException.class, () -> Tasks.load(yaml.toString(), TaskSettings.of(scratch)));
        List<String> all = new ArrayList<>(List.of(error.getMessage() + " " + error.hint()));
        for (Throwable other : error.getSuppressed()) all.add(other.getMessage());
        String text = String.join("\n", all);
        for (String part : List.of("wrong.yml:1", "did you mean prompt?", "guess", "regular expression", "two filters", "data is missing")) assertTrue(text.contains(part), part + " in " + text);
    }

    @Test
    void aPromptInTheChatTemplateEndsAsTheTemplateDoes() throws IOException {
        Path data = questions();
        EvalResult chat = Evaluation.run(model, Tasks.load("exact:" + data, TaskSettings.of(scratch)), new EvalOptions(true, 1, 64), EvalListener.NONE);
        assertEquals("<pad>", chat.samples().getFirst().output(), "after the template's e all words are alike: the first one is chosen");
        assertEquals("what is a", chat.samples().getFirst().prompt());
    }

    @Test
    void theSameResultForAnyBatchAndPartsAreThoseOfTheWhole() throws IOException {
        EvalTask task = Tasks.load("exact:" + questions(), TaskSettings.of(scratch));
        EvalResult whole = Evaluation.run(model, task, EvalOptions.DEFAULT, EvalListener.NONE);
        assertEquals(whole, Evaluation.run(model, task, new EvalOptions(false, 0, 1), EvalListener.NONE));
        EvalResult two = Evaluation.run(model, task.part(2, 1), EvalOptions.DEFAULT, EvalListener.NONE);
        assertEquals(List.of(0, 1, 4, 5, 7, 8), two.samples().stream().map(EvalSample::index).toList());
        assertEquals(List.of(0, 2, 4, 6, 7, 9), task.part(0, 0.5) instanceof GenerateTask half ? half.questions().stream().map(GenerateTask.Question::index).toList() : null);
        assertTrue(two.samples().stream().allMatch(sample -> sample.equals(whole.samples().get(sample.index()))));
    }

    @Test
    void aListenerHearsEveryAnswerAndCancels() throws IOException {
        EvalTask task = Tasks.load("exact:" + questions(), TaskSettings.of(scratch));
        List<Integer> heard = new ArrayList<>();
        Evaluation.run(model, task, EvalOptions.DEFAULT, (_, done, total) -> heard.add(done) && total == 10);
        assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), heard);
        assertThrows(CancellationException.class, () -> Evaluation.run(model, task, new EvalOptions(false, 0, 1), (_, done, _) -> done < 2));
    }

    @Test
    void aModelWithoutRoomForTheAnswerIsRefusedAndALongPromptLosesItsBeginning() throws IOException {
        Path data = Files.writeString(scratch.resolve("long.jsonl"), "{\"prompt\": \"" + "is ".repeat(80) + "a\", \"answer\": 1}\n");
        EvalTask task = Tasks.load("exact:" + data, TaskSettings.of(scratch));
        assertThrows(RequestException.class, () -> Evaluation.run(model, task, new EvalOptions(false, 64, 64), EvalListener.NONE));
        EvalResult cut = Evaluation.run(model, task, new EvalOptions(false, 4, 64), EvalListener.NONE);
        assertEquals(1, cut.cut());
        assertEquals(1, cut.accuracy().correct());
    }

    @Test
    void choicesGoByLogLikelihood() throws IOException {
        Path data = Files.writeString(scratch.resolve("choices.jsonl"), """
                {"question": "what is a", "choices": ["2", "1"], "answer": 1}
                {"question": "what is b", "choices": ["2", "1"], "answer": "B"}
                {"question": "what is c", "choices": ["2", "3"], "answer": "3"}
                """);
        EvalResult result = Evaluation.run(model, Tasks.load("choice:" + data, TaskSettings.of(scratch)), EvalOptions.DEFAULT, EvalListener.NONE);
        assertEquals(Metric.share("acc", 2, 3), result.accuracy());
        assertEquals("2", result.samples().get(1).verdicts().get("acc").found());
        // A long answer is unlikelier as a whole and likelier a character.
        EvalSample sample = Evaluation.judge(new ChoiceTask.Question(0, null, "", List.of("x", "long answer"), 1), new double[] {-2, -3});
        assertFalse(sample.verdicts().get("acc").right());
        assertTrue(sample.verdicts().get("acc_norm").right());
    }

    /** Every word is certain but the one after e, which is any of 16. */
    @Test
    void perplexityIsTheOneByConstruction() throws IOException {
        Path text = Files.writeString(scratch.resolve("text.txt"), "a 1 . . e b 2");
        EvalResult result = Evaluation.run(model, Tasks.load("perplexity:" + text, TaskSettings.of(scratch)), EvalOptions.DEFAULT, EvalListener.NONE);
        // After the second full stop comes e, at a logit of 0 under one of 40 (10, times the norm's 4); after e any of 16.
        double nats = (40 + Math.log(16)) / 6;
        assertEquals(nats, result.metrics().get("nats_per_token").value(), 1e-4);
        assertEquals(Math.exp(nats), result.accuracy().value(), 1e-3 * Math.exp(nats));
        assertEquals(nats * 6 / Math.log(2) / 13, result.metrics().get("bits_per_byte").value(), 1e-3);
        assertFalse(result.accuracy().isShare());
    }

    private Path questions() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 10; i++) {
            String word = i < 4 ? "a" : i < 7 ? "b" : "c";
            lines.append("{\"prompt\": \"what is ").append(word).append("\", \"answer\": ").append(word.charAt(0) - 'a' + 1).append(", \"set\": \"").append(word).append("\"}\n");
        }
        return Files.writeString(scratch.resolve("questions.jsonl"), lines);
    }
}
