package io.graft.merge.eval;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.merge.eval.EvalData.Origin;
import io.graft.merge.eval.EvalData.Row;
import io.graft.merge.eval.GenerateTask.Question;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** MGSM and GSM8K by the rules of lm-evaluation-harness, MSVAMP by ours. */
final class MathTasks {

    /** As long as the harness lets an answer be. */
    private static final int LONGEST = 256;
    private static final int GSM8K_SHOTS = 5;
    private static final Pattern GSM8K_STRICT = Pattern.compile("#### (-?[0-9.,]+)");
    private static final String FLEXIBLE = "flexible-extract", NUMERIC = "numeric";
    /** The answers of the published exemplars, which are the same problems in every language. */
    private static final List<String> EXEMPLAR_NUMBERS = List.of("11", "29", "39", "9", "33", "8", "8", "5");

    private MathTasks() {}

    static GenerateTask mgsm(Mgsm rules, TaskSettings settings) {
        if (settings.shots() > EXEMPLAR_NUMBERS.size()) throw new RequestException(rules.name(), "more examples than there are", "0 to " + EXEMPLAR_NUMBERS.size(), settings.shots());
        List<Mgsm.Exemplar> shown = new ArrayList<>();
        int[] chosen = settings.choose(EXEMPLAR_NUMBERS.size(), 0);
        if (chosen.length > 0) {
            List<Mgsm.Exemplar> all = exemplars(rules.language(), EvalData.file(settings.dataRoot(), Origin.MGSM, "exemplars.json"));
            for (int i : chosen) shown.add(all.get(i));
        }
        List<Question> questions = new ArrayList<>();
        for (String[] pair : EvalData.pairs(EvalData.file(settings.dataRoot(), Origin.MGSM, "mgsm_" + rules.language().code() + ".tsv")))
            questions.add(new Question(questions.size(), null, rules.prompt(pair[0], shown), pair[1].replace(",", "")));
        List<Filter> filters = new ArrayList<>();
        for (String filter : rules.filters()) filters.add(new Filter(filter, output -> rules.extract(filter, output), Extraction::exactMatch));
        filters.add(Filter.numeric());
        return new GenerateTask(rules.name(), questions, rules.until(), LONGEST, filters, FLEXIBLE);
    }

    private static List<Mgsm.Exemplar> exemplars(MathLanguage language, Path file) {
        JsonObject all = Json.readObject(file).getAsJsonObject(language.code());
        if (all == null) throw new RequestException(file.toString(), "no exemplars of this language", language.code(), "none");
        List<Mgsm.Exemplar> exemplars = new ArrayList<>();
        for (String number : EXEMPLAR_NUMBERS) {
            String key = Integer.toString(exemplars.size() + 1);
            if (!(all.get(key) instanceof JsonObject each)) throw new RequestException(file + ": " + language.code(), "exemplar " + key + " is missing");
            Row row = new Row(file + ": " + language.code() + ", exemplar " + key, each);
            exemplars.add(new Mgsm.Exemplar(row.text("q"), row.text("a"), number));
        }
        return exemplars;
    }

    static GenerateTask gsm8k(TaskSettings settings) {
        StringBuilder before = new StringBuilder();
        if (settings.shots() != 0) {
            List<Row> train = EvalData.rows(EvalData.file(settings.dataRoot(), Origin.GSM8K, "train.jsonl"));
            for (int i : settings.choose(train.size(), GSM8K_SHOTS)) before.append(gsm8kPrompt(train.get(i))).append(' ').append(train.get(i).text("answer")).append("\n\n");
        }
        List<Question> questions = new ArrayList<>();
        for (Row row : EvalData.rows(EvalData.file(settings.dataRoot(), Origin.GSM8K, "test.jsonl"))) {
            Matcher gold = GSM8K_STRICT.matcher(row.text("answer"));
            if (!gold.find()) throw new RequestException(row.where(), "the answer does not end in its number", "#### 18", row.text("answer"));
            questions.add(new Question(questions.size(), null, before + gsm8kPrompt(row), gold.group(1).replace(",", "")));
        }
        List<Filter> filters = List.of(new Filter("strict-match", output -> Extraction.strict(GSM8K_STRICT, output), Extraction::gsm8kMatch),
                new Filter(FLEXIBLE, Extraction::flexible, Extraction::gsm8kMatch), Filter.numeric());
        return new GenerateTask("gsm8k", questions, List.of("Question:", "</s>", "<|im_end|>"), LONGEST, filters, FLEXIBLE);
    }

    private static String gsm8kPrompt(Row row) { return "Question: " + row.text("question") + "\nAnswer:"; }

    /** Zero-shot: the question as MGSM's direct task writes it; the last number of the answer's first paragraph, equal as a number. */
    static GenerateTask msvamp(String name, MathLanguage language, TaskSettings settings) {
        if (settings.shots() > 0) throw new RequestException(name, "it has no examples", "0", settings.shots());
        String file = "test_" + switch (language) {
            case EN -> "English";
            case SW -> "Swahili";
            case BN -> "Bengali";
            case TE -> "Telugu";
            case JA -> "Japanese";
        } + ".jsonl";
        Mgsm wording = new Mgsm(Mgsm.Mode.DIRECT, language);
        List<Question> questions = new ArrayList<>();
        for (Row row : EvalData.rows(EvalData.file(settings.dataRoot(), Origin.MSVAMP, file)))
            questions.add(new Question(questions.size(), null, wording.prompt(row.text("m_query"), List.of()), row.text("response")));
        return new GenerateTask(name, questions, List.of(language.question(), "\n\n", "</s>", "<|im_end|>"), LONGEST, List.of(Filter.numeric()), NUMERIC);
    }
}
