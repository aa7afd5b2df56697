package io.graft.formats.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import io.graft.tests.Fixtures;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The golden tokenizers: small vocabularies in the pipelines of published models. */
public final class Golden {

    /** The folders of {@code fixtures/tokenizer}. */
    public static final List<String> KINDS = List.of("aya", "gemma", "gpt2_prefix", "llama2", "llama3", "metaspace", "qwen2", "smollm2");

    private static final Map<String, Tokenizer> READ = new ConcurrentHashMap<>();

    private Golden() {}

    /** {@return the folder of a kind: the whole golden data, or the committed subset} */
    public static Path folder(String kind) {
        Fixtures.requireCommitted("fixtures/tokenizer/" + kind + "/tokenizer.json");
        return Fixtures.require("fixtures/tokenizer/" + kind);
    }

    /** {@return the tokenizer of a kind, read once} */
    public static Tokenizer tokenizer(String kind) { return READ.computeIfAbsent(kind, each -> Tokenizer.fromFolder(folder(each))); }

    /** {@return the rows of a file of a kind, such as encode.jsonl} */
    public static List<JsonObject> rows(String kind, String file) {
        List<JsonObject> rows = new ArrayList<>();
        try {
            for (String line : Files.readString(folder(kind).resolve(file)).split("\n"))
                if (!line.isEmpty()) rows.add(Json.parse(file, line).getAsJsonObject());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        if (rows.isEmpty()) throw new AssertionError(kind + "/" + file + " is empty");
        return rows;
    }

    /** {@return a list of numbers of a row} */
    public static int[] ints(JsonElement list) {
        JsonArray array = list.getAsJsonArray();
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) values[i] = array.get(i).getAsInt();
        return values;
    }
}
