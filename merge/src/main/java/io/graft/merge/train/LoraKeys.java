package io.graft.merge.train;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.merge.yaml.Binder;
import io.graft.merge.yaml.Problems;
import io.graft.merge.yaml.YamlValue;
import java.util.SortedSet;

/** The section {@code lora} of a configuration as PEFT's adapter_config.json: short names and PEFT's own. */
final class LoraKeys {

    /** Ours, which are PEFT's names where it has no shorter one, and PEFT's. */
    static final String[][] NAMES = {{"alpha", "lora_alpha"}, {"rslora", "use_rslora"}, {"dora", "use_dora"}, {"dropout", "lora_dropout"}, {"targets", "target_modules"},
        {"exclude", "exclude_modules"}, {"init", "init_lora_weights"}, {"rank_pattern", "rank_pattern"}, {"alpha_pattern", "alpha_pattern"}, {"modules_to_save", "modules_to_save"},
        {"layers_pattern", "layers_pattern"}, {"bias", "bias"}, {"ensure_weight_tying", "ensure_weight_tying"}, {"fan_in_fan_out", "fan_in_fan_out"}};

    private LoraKeys() {}

    /**
     * Translates the section.
     *
     * @param problems receives what is wrong
     * @param value    the section; null for none
     * @return PEFT's object; null for none
     */
    static JsonObject json(Problems problems, YamlValue value) {
        if (value == null) return null;
        YamlValue.Table table = new Binder(problems).table(value, "lora");
        if (table == null) return null;
        Fields fields = new Fields(problems, table, "lora");
        JsonObject json = new JsonObject();
        json.addProperty("peft_type", "LORA");
        json.addProperty("task_type", "CAUSAL_LM");
        json.addProperty("r", fields.count(8, 1, "r", "rank"));
        json.addProperty("lora_alpha", 8);
        for (String[] names : NAMES) {
            YamlValue each = names[0].equals(names[1]) ? fields.get(names[0]) : fields.get(names);
            if (each != null) json.add(names[1], element(each));
        }
        SortedSet<Integer> layers = fields.layers("layers_to_transform", "layers");
        if (layers != null) {
            JsonArray numbers = new JsonArray();
            layers.forEach(numbers::add);
            json.add("layers_to_transform", numbers);
        }
        if (!json.has("target_modules")) problems.add(table.mark(), "targets is missing in lora", "such as [q_proj, v_proj] or all-linear", "nothing");
        fields.done();
        return json;
    }

    private static JsonElement element(YamlValue value) {
        return switch (value) {
            case YamlValue.Number number when number.value() == Math.rint(number.value()) && Math.abs(number.value()) < 1e15 -> new JsonPrimitive((long) number.value());
            case YamlValue.Number number -> new JsonPrimitive(number.value());
            case YamlValue.Text text -> new JsonPrimitive(text.text());
            case YamlValue.Truth truth -> new JsonPrimitive(truth.value());
            case YamlValue.Items list -> {
                JsonArray array = new JsonArray();
                list.items().forEach(item -> array.add(element(item)));
                yield array;
            }
            case YamlValue.Table table -> {
                JsonObject object = new JsonObject();
                table.entries().forEach((key, entry) -> object.add(key, element(entry.value())));
                yield object;
            }
            case YamlValue.Nothing _ -> JsonNull.INSTANCE;
        };
    }
}
