package io.graft.formats.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import java.util.HashMap;
import java.util.Map;

/** The tokens of a model and their ids. Ids may have gaps. */
final class Vocabulary {

    /** More ids than any tokenizer has: what keeps a wrong number from taking the memory. */
    private static final int MOST = 1 << 24;

    private final Map<String, Integer> ids;
    private final String[] tokens;

    private Vocabulary(Map<String, Integer> ids, String[] tokens) {
        this.ids = ids;
        this.tokens = tokens;
    }

    static Vocabulary of(String where, JsonElement vocab) {
        if (!(vocab instanceof JsonObject object)) throw new RequestException(where + ", model.vocab", "not a vocabulary", "an object of token to id", Json.kind(vocab));
        Map<String, Integer> ids = HashMap.newHashMap(object.size());
        int largest = -1;
        for (var entry : object.entrySet()) {
            int id = id(where, entry.getKey(), entry.getValue());
            ids.put(entry.getKey(), id);
            largest = Math.max(largest, id);
        }
        String[] tokens = new String[largest + 1];
        ids.forEach((token, id) -> {
            if (tokens[id] != null) throw new RequestException(where + ", model.vocab", "the tokens \"" + tokens[id] + "\" and \"" + token + "\" have the same id " + id);
            tokens[id] = token;
        });
        return new Vocabulary(ids, tokens);
    }

    static int id(String where, String token, JsonElement value) {
        if (value instanceof JsonPrimitive number && number.isNumber()) {
            try {
                long id = number.getAsLong();
                if (id >= 0 && id < MOST) return (int) id;
            } catch (ArithmeticException | NumberFormatException notWhole) {
                // said below
            }
        }
        throw new RequestException(where, "the token \"" + token + "\" has no id", "a whole number below " + MOST, value);
    }

    int idOf(String token) { return ids.getOrDefault(token, -1); }

    String tokenOf(int id) { return id >= 0 && id < tokens.length ? tokens[id] : null; }

    int size() { return tokens.length; }
}
