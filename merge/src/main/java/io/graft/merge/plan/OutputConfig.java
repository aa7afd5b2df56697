package io.graft.merge.plan;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.memory.DType;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** The output's config.json: the donor's, with what the merge changed. Unknown keys survive. */
final class OutputConfig {

    /** Keys that decide what the same weights compute: models that differ in them are no models of one kind. */
    private static final List<String> MEANING = List.of("model_type", "hidden_act", "num_attention_heads", "num_key_value_heads", "head_dim", "rms_norm_eps", "rope_theta", "rope_scaling", "sliding_window");

    private final JsonObject config;
    private final JsonObject language;

    OutputConfig(Input donor) {
        this.config = donor.source.config();
        this.language = Input.language(config);
    }

    JsonObject json() { return config; }

    /** New layers: their number, and the lists that have an entry a layer, cut and joined like the layers. */
    void layers(List<Drafts.LayerOrigin> layers) {
        String key = Input.countKey(language);
        if (key == null || layers.isEmpty()) return;
        int before = language.get(key).getAsInt();
        Set<String> lists = new HashSet<>();
        for (Map.Entry<String, JsonElement> entry : language.entrySet()) if (entry.getValue() instanceof JsonArray list && list.size() == before && isPerLayer(entry.getKey())) lists.add(entry.getKey());
        for (String list : lists) {
            JsonArray joined = new JsonArray();
            JsonArray own = language.getAsJsonArray(list);
            for (Drafts.LayerOrigin layer : layers) {
                JsonElement theirs = Input.language(layer.input().config).get(list);
                JsonArray from = theirs instanceof JsonArray array && layer.layer() < array.size() ? array : own;
                joined.add(from.get(Math.min(layer.layer(), from.size() - 1)));
            }
            language.add(list, joined);
        }
        language.addProperty(key, layers.size());
    }

    /** Lists whose length is the number of layers by chance, such as token ids of generation, are left alone. */
    private static boolean isPerLayer(String key) { return key.contains("layer") || key.contains("block") || key.contains("pattern") || key.contains("attention") || key.contains("mlp"); }

    void vocabulary(OptionalLong size) {
        size.ifPresent(rows -> (language.has("vocab_size") ? language : config).addProperty("vocab_size", rows));
    }

    void untied() {
        config.addProperty("tie_word_embeddings", false);
        if (language.has("tie_word_embeddings")) language.addProperty("tie_word_embeddings", false);
    }

    /** The dtype that Transformers loads the weights as, under the key that the donor has. */
    void dtype(List<TensorPlan> tensors) {
        DType only = null;
        for (TensorPlan tensor : tensors) {
            if (!tensor.dtype().isComputable()) continue;
            if (only != null && only != tensor.dtype()) return;
            only = tensor.dtype();
        }
        if (only == null || config.size() == 0) return;
        for (JsonObject each : language == config ? List.of(config) : List.of(config, language)) {
            if (each.has("dtype")) each.addProperty("dtype", only.torchName());
            if (each.has("torch_dtype")) each.addProperty("torch_dtype", only.torchName());
        }
        if (!config.has("dtype") && !config.has("torch_dtype") && !language.has("dtype") && !language.has("torch_dtype")) config.addProperty("torch_dtype", only.torchName());
    }

    /** Warns of inputs whose config says that their weights mean something else than the donor's. */
    static void compare(Input donor, Iterable<Input> inputs, Findings findings) {
        JsonObject own = Input.language(donor.config);
        for (Input input : inputs) {
            JsonObject theirs = Input.language(input.config);
            for (String key : MEANING) {
                JsonElement a = own.get(key), b = theirs.get(key);
                if (a != null && b != null && !a.equals(b)) findings.warn(key + " of " + input + " is " + b + ", of " + donor + " " + a + ": the output has the latter");
            }
        }
    }
}
