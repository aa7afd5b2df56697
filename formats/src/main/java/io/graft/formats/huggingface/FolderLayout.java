package io.graft.formats.huggingface;

import com.google.gson.JsonObject;
import io.graft.formats.safetensors.SafetensorsLayout;
import io.graft.formats.safetensors.SafetensorsLayout.Spec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a model's tensors are divided into files, with the names that libraries look for. Tensors go into a shard in their order
 * until the next would exceed the limit; a tensor larger than the limit has a shard of its own. One shard is {@code model.safetensors},
 * without an index.
 *
 * @param shards the files, in order
 * @param index  the {@code model.safetensors.index.json}; empty for a single file
 */
public record FolderLayout(List<Shard> shards, Optional<JsonObject> index) {

    /** The name of the index. */
    public static final String INDEX_NAME = ShardIndex.NAME;

    /**
     * One file.
     *
     * @param fileName its name, such as {@code model-00001-of-00003.safetensors}
     * @param layout   what stands where in it
     */
    public record Shard(String fileName, SafetensorsLayout layout) {}

    /**
     * Divides tensors into files.
     *
     * @param tensors    the tensors, in the order in which shards are filled
     * @param shardBytes the most that the tensors of one file may take, a single larger one excepted
     * @param metadata   the metadata of every file beside {@code format: pt}, which Transformers asks for
     * @return the layout
     */
    public static FolderLayout of(List<Spec> tensors, long shardBytes, Map<String, String> metadata) {
        Map<String, String> all = new LinkedHashMap<>(metadata);
        all.putIfAbsent("format", "pt");
        List<List<Spec>> parts = new ArrayList<>();
        long used = 0;
        for (Spec spec : tensors) {
            if (parts.isEmpty() || used > 0 && spec.bytes() > shardBytes - used) {
                parts.add(new ArrayList<>());
                used = 0;
            }
            parts.getLast().add(spec);
            used += spec.bytes();
        }
        if (parts.isEmpty()) parts.add(List.of());
        List<Shard> shards = new ArrayList<>();
        for (List<Spec> part : parts) {
            String name = parts.size() == 1 ? HuggingFaceFolder.SINGLE : String.format("model-%05d-of-%05d.safetensors", shards.size() + 1, parts.size());
            shards.add(new Shard(name, SafetensorsLayout.of(part, all)));
        }
        return new FolderLayout(List.copyOf(shards), parts.size() == 1 ? Optional.empty() : Optional.of(index(parts, shards)));
    }

    private static JsonObject index(List<List<Spec>> parts, List<Shard> shards) {
        long total = 0;
        JsonObject map = new JsonObject();
        for (int i = 0; i < parts.size(); i++) {
            for (Spec spec : parts.get(i)) {
                map.addProperty(spec.name(), shards.get(i).fileName());
                total += spec.bytes();
            }
        }
        JsonObject metadata = new JsonObject(), root = new JsonObject();
        metadata.addProperty("total_size", total);
        root.add("metadata", metadata);
        root.add("weight_map", map);
        return root;
    }

    /** {@return the size of all files of tensors together, in bytes} */
    public long bytes() { return shards.stream().mapToLong(shard -> shard.layout().fileBytes()).sum(); }
}
