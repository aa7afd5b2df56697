package io.graft.merge.eval;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * One question, what the model answered, and how that was judged.
 *
 * @param index    the question's place in the data, from 0
 * @param group    the part of the data that it belongs to; null for none
 * @param prompt   the text that the model was given, before its chat template
 * @param output   what it wrote, up to the stop; of a choice the log-likelihoods of the answers between blanks
 * @param finish   why that ends: {@code stop} or {@code length}; of a choice or an imported sample null
 * @param gold     the right answer
 * @param verdicts metric to what was found and whether it is right
 */
public record EvalSample(int index, String group, String prompt, String output, String finish, String gold, SequencedMap<String, Verdict> verdicts) {

    /**
     * What one metric makes of an answer.
     *
     * @param found what was extracted
     * @param right whether it is the right answer
     */
    public record Verdict(String found, boolean right) {}

    /** Copies the verdicts. */
    public EvalSample { verdicts = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(verdicts)); }

    /**
     * The line of {@code --samples}.
     *
     * @param primary the metric whose verdict stands at the top
     * @return {@code doc}, {@code group} if any, {@code prompt}, {@code output}, {@code finish}, {@code gold}, {@code extracted},
     *     {@code correct}, and {@code filters}: for every metric its {@code extracted} and {@code correct}
     */
    public JsonObject json(String primary) {
        JsonObject json = new JsonObject(), all = new JsonObject();
        json.addProperty("doc", index);
        if (group != null) json.addProperty("group", group);
        json.addProperty("prompt", prompt);
        json.addProperty("output", output);
        if (finish == null) json.add("finish", JsonNull.INSTANCE);
        else json.addProperty("finish", finish);
        json.addProperty("gold", gold);
        json.addProperty("extracted", verdicts.get(primary).found());
        json.addProperty("correct", verdicts.get(primary).right());
        for (Map.Entry<String, Verdict> each : verdicts.entrySet()) {
            JsonObject verdict = new JsonObject();
            verdict.addProperty("extracted", each.getValue().found());
            verdict.addProperty("correct", each.getValue().right());
            all.add(each.getKey(), verdict);
        }
        json.add("filters", all);
        return json;
    }
}
