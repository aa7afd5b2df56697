package io.graft.formats.huggingface;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * {@code model.safetensors.index.json}: which shard holds which tensor.
 *
 * @param file      the index
 * @param shards    tensor name to shard's file name, in the order of the index
 * @param totalSize the bytes of all tensors as the index states them; empty where it does not
 */
record ShardIndex(Path file, Map<String, String> shards, OptionalLong totalSize) {

    static final String NAME = "model.safetensors.index.json";

    static ShardIndex read(Path file) {
        JsonObject root = Json.readObject(file);
        if (!(root.get("weight_map") instanceof JsonObject map)) throw new RequestException(file.toString(), "the index has no weight_map", "an object", Json.kind(root.get("weight_map")));
        Map<String, String> shards = new LinkedHashMap<>();
        for (var entry : map.entrySet()) shards.put(entry.getKey(), shard(file, entry.getKey(), entry.getValue()));
        if (shards.isEmpty()) throw new RequestException(file.toString(), "the index names no tensor");
        return new ShardIndex(file, shards, totalSize(root));
    }

    private static String shard(Path file, String tensor, JsonElement value) {
        String where = file + ": " + tensor;
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) throw new RequestException(where, "weight_map must map names to files", "a string", Json.kind(value));
        String name = value.getAsString();
        try {
            Path path = Path.of(name);
            boolean leaves = path.isAbsolute() || name.isEmpty() || name.indexOf('\\') >= 0 || name.indexOf(':') >= 0;
            for (Path part : path) leaves |= part.toString().equals("..");
            if (leaves) throw new RequestException(where, "weight_map names a file outside of the model's folder", "a file in the folder", "\"" + name + "\"");
        } catch (InvalidPathException invalid) {
            throw new RequestException(where, "weight_map names no possible file", "a file in the folder", "\"" + name.replace("\0", "\\0") + "\"");
        }
        return name;
    }

    private static OptionalLong totalSize(JsonObject root) {
        if (root.get("metadata") instanceof JsonObject metadata && metadata.has("total_size") && metadata.get("total_size").isJsonPrimitive()) {
            try {
                return OptionalLong.of(new BigDecimal(metadata.get("total_size").getAsString()).longValueExact());
            } catch (ArithmeticException | NumberFormatException unreadable) {
                return OptionalLong.empty();
            }
        }
        return OptionalLong.empty();
    }

    /** {@return the shards, each once, sorted: the order in which libraries number them} */
    Set<String> files() { return new TreeSet<>(shards.values()); }
}
