package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.engine.generate.Scorer;
import io.graft.engine.generate.Scorer.Answer;
import io.graft.engine.generate.Scorer.Question;
import io.graft.formats.json.Json;
import io.graft.merge.eval.EvalModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code graft score}: how likely continuations are, as evaluation harnesses ask. */
@Command(name = "score", description = "Tells how likely continuations are, as evaluation harnesses define it.",
        footer = {"", "A line in is {\"context\": TEXT, \"continuation\": TEXT}, or {\"context_ids\": [...], \"continuation_ids\": [...]}. A line out is "
            + "{\"loglikelihood\": of all its tokens together, in nats, \"greedy\": whether each is the likeliest, \"tokens\": how many}.",
            "Blanks at the end of a context count as the continuation's; an empty context is the token that begins texts, else the one that ends them.", "",
            "Example: graft score models/SmolLM2-135M-Instruct questions.jsonl"})
final class ScoreCommand implements Runnable {

    /** Lines that are scored together. */
    private static final int TOGETHER = 64;

    @Mixin
    private CommonOptions common;

    @Parameters(index = "0", paramLabel = "MODEL", description = "A folder, a .gguf file, folder+adapter, or a recipe (.yml).")
    private String model;

    @Parameters(index = "1", paramLabel = "FILE", description = "The lines, JSON, UTF-8.")
    private Path file;

    private ScoreCommand() {}

    @Override
    public void run() {
        Map<String, JsonObject> lines = lines(file);
        try (RunningModel running = RunningModel.open(model, common); Scorer scorer = new Scorer(running.lm)) {
            List<Question> questions = new ArrayList<>();
            EvalModel texts = running.tokenizer == null ? null : running.forEvaluation();
            lines.forEach((where, line) -> questions.add(line.has("continuation_ids") ? ofIds(where, line, running) : ofText(where, line, texts, running)));
            for (int first = 0; first < questions.size(); first += TOGETHER)
                for (Answer answer : scorer.score(questions.subList(first, Math.min(first + TOGETHER, questions.size())))) print(answer);
        }
    }

    /** The lines that are not blank, by where they stand. */
    private static Map<String, JsonObject> lines(Path file) {
        Map<String, JsonObject> lines = new LinkedHashMap<>();
        String[] texts = Json.readText(file).split("\n");
        for (int i = 0; i < texts.length; i++) {
            if (texts[i].isBlank()) continue;
            String where = file + ": line " + (i + 1);
            if (!(Json.parse(where, texts[i]) instanceof JsonObject object)) throw new RequestException(where, "not what a line should be", "an object", Text.oneLine(texts[i], 60));
            lines.put(where, object);
        }
        return lines;
    }

    private static void print(Answer answer) {
        JsonObject json = new JsonObject();
        json.addProperty("loglikelihood", answer.logLikelihood());
        json.addProperty("greedy", answer.greedy());
        json.addProperty("tokens", answer.losses().length);
        System.out.println(Json.line(json));
    }

    private static Question ofText(String where, JsonObject line, EvalModel texts, RunningModel running) {
        running.needTokenizer();
        return texts.continuation(where, text(where, line, "context"), text(where, line, "continuation"));
    }

    private static Question ofIds(String where, JsonObject line, RunningModel running) {
        int[] context = ids(where, line, "context_ids"), continuation = ids(where, line, "continuation_ids"), whole = Arrays.copyOf(context, context.length + continuation.length);
        System.arraycopy(continuation, 0, whole, context.length, continuation.length);
        return EvalModel.question(where, context, whole, EvalModel.beginning(running.source.config()), running.lm);
    }

    private static String text(String where, JsonObject line, String key) {
        if (line.get(key) instanceof JsonPrimitive value && value.isString()) return value.getAsString();
        throw new RequestException(where, "the key \"" + key + "\" is missing or no string", "a string", Json.kind(line.get(key)));
    }

    private static int[] ids(String where, JsonObject line, String key) {
        if (!(line.get(key) instanceof JsonArray list)) throw new RequestException(where, "the key \"" + key + "\" is missing or no list", "a list of ids", Json.kind(line.get(key)));
        int[] ids = new int[list.size()];
        for (int i = 0; i < ids.length; i++) {
            if (!(list.get(i) instanceof JsonPrimitive id && id.isNumber())) throw new RequestException(where + ": " + key, "not a token id", "a number", Json.kind(list.get(i)));
            ids[i] = id.getAsInt();
        }
        return ids;
    }
}
