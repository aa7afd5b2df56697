package io.graft.formats.huggingface;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What a model's makers advise for generating: generation_config.json, its stop tokens falling back on config.json.
 *
 * @param stopTokens        ids that end a text
 * @param temperature       divisor of logits, 1 unless given
 * @param topK              how many tokens to choose among; 0, all, unless given
 * @param topP              1 unless given
 * @param minP              0 unless given
 * @param repetitionPenalty 1 unless given
 */
public record GenerationConfig(Set<Integer> stopTokens, double temperature, int topK, double topP, double minP, double repetitionPenalty) {

    private static final String FILE = "generation_config.json", STOP = "eos_token_id";

    /**
     * The advice that goes with a model.
     *
     * @param model the model
     * @return its advice
     * @throws RequestException if a value is of the wrong type
     */
    public static GenerationConfig of(ModelSource model) {
        JsonObject given = new JsonObject();
        String where = model.name() + ": " + FILE;
        Path file = model.folder().map(folder -> folder.resolve(FILE)).orElse(null);
        if (model.sideFiles().containsKey(FILE)) given = object(where, model.sideFiles().get(FILE));
        else if (file != null && Files.exists(file)) given = Json.readObject(file);
        ConfigValues values = new ConfigValues(where, given), config = new ConfigValues(model.name() + ": config.json", model.config());
        Set<Integer> stops = stops(values.has(STOP) ? values : config);
        return new GenerationConfig(stops, values.number("temperature", 1), (int) values.number("top_k", 0), values.number("top_p", 1), values.number("min_p", 0),
                values.number("repetition_penalty", 1));
    }

    private static JsonObject object(String where, String text) {
        if (Json.parse(where, text) instanceof JsonObject object) return object;
        throw new RequestException(where, "not the JSON it should be", "an object", null);
    }

    /** The ids of one number or a list of them. */
    private static Set<Integer> stops(ConfigValues values) {
        Set<Integer> ids = new LinkedHashSet<>();
        if (!values.has(STOP)) return ids;
        JsonArray list = new JsonArray();
        if (values.object().get(STOP) instanceof JsonArray several) list = several;
        else list.add(values.object().get(STOP));
        for (JsonElement id : list) {
            if (!(id instanceof JsonPrimitive number && number.isNumber())) throw values.wrong(STOP, "a token id or a list of them");
            ids.add(number.getAsInt());
        }
        return ids;
    }
}
