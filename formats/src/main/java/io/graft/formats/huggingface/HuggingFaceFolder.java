package io.graft.formats.huggingface;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A folder as Hugging Face lays models out: {@code model.safetensors}, or shards and their index; {@code config.json}; side files.
 * As in Transformers, a single file goes before an index.
 */
public final class HuggingFaceFolder implements ModelSource {

    /** The weights of a model that is not sharded. */
    static final String SINGLE = "model.safetensors";

    private final Path folder;
    private final JsonObject config;
    private final List<SafetensorsFile> files = new ArrayList<>();
    private final SequencedMap<String, SourceTensor> tensors = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();

    private HuggingFaceFolder(Path folder) {
        this.folder = folder;
        Path config = folder.resolve("config.json");
        this.config = Files.exists(config) ? Json.readObject(config) : new JsonObject();
    }

    /**
     * Opens a folder: reads its config, its index and the headers of its shards, and checks each against the other.
     *
     * @param folder the folder
     * @return the model
     * @throws RequestException if there is no model in it that Graft reads, or it contradicts itself
     */
    public static HuggingFaceFolder open(Path folder) {
        if (!Files.isDirectory(folder)) throw new RequestException(folder.toString(), "no such folder");
        HuggingFaceFolder model = new HuggingFaceFolder(folder);
        try {
            if (Files.exists(folder.resolve(SINGLE))) model.single(folder.resolve(SINGLE));
            else if (Files.exists(folder.resolve(ShardIndex.NAME))) model.sharded(ShardIndex.read(folder.resolve(ShardIndex.NAME)));
            else throw nothing(folder);
            return model;
        } catch (RuntimeException | Error error) {
            model.close();
            throw error;
        }
    }

    private void single(Path path) {
        SafetensorsFile file = open(path, files);
        file.tensors().forEach((name, entry) -> tensors.put(name, file.source(name)));
    }

    private void sharded(ShardIndex index) {
        Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
        for (String name : index.files()) {
            Path path = folder.resolve(name);
            if (!Files.exists(path)) throw new RequestException(path.toString(), "a shard of the model is missing", "the file that " + ShardIndex.NAME + " names", "nothing", "fetch the model again");
            shards.put(name, open(path, files));
        }
        index.shards().forEach((tensor, shard) -> {
            if (!shards.get(shard).tensors().containsKey(tensor))
                throw new RequestException(folder.resolve(shard) + ": " + tensor, "the shard lacks a tensor that the index says it holds", "the tensor", "other tensors only");
        });
        long bytes = 0, unlisted = 0;
        for (var shard : shards.entrySet()) {
            for (SafetensorsFile.Entry entry : shard.getValue().tensors().values()) {
                if (shard.getKey().equals(index.shards().get(entry.name()))) {
                    tensors.put(entry.name(), shard.getValue().source(entry.name()));
                    bytes += entry.bytes();
                } else {
                    unlisted++;
                }
            }
        }
        if (unlisted > 0) notes.add(index.file() + ": " + unlisted + " tensors of the shards are not in the index; they are left out, as Transformers does");
        if (index.totalSize().isPresent() && index.totalSize().getAsLong() != bytes)
            notes.add(index.file() + ": total_size says " + index.totalSize().getAsLong() + " bytes, the tensors have " + bytes);
    }

    private static SafetensorsFile open(Path path, List<SafetensorsFile> files) {
        SafetensorsFile file = SafetensorsFile.open(path);
        files.add(file);
        return file;
    }

    private static RequestException nothing(Path folder) {
        if (Files.exists(folder.resolve("adapter_config.json")))
            return new RequestException(folder.toString(), "an adapter, not a model", "a folder with model.safetensors", "adapter_config.json", "name its base too: BASE+" + folder);
        try (DirectoryStream<Path> pickles = Files.newDirectoryStream(folder, "*.{bin,pt,pth,ckpt}")) {
            for (Path pickle : pickles)
                return new RequestException(pickle.toString(), "PyTorch's pickle format can run any code, and Graft does not read it", "model.safetensors", pickle.getFileName(),
                        "convert it where PyTorch is: python3 -c \"from transformers import AutoModelForCausalLM as M; M.from_pretrained('" + folder
                                + "', torch_dtype='auto').save_pretrained('" + folder + "-safetensors', safe_serialization=True)\"");
        } catch (IOException unreadable) {
            // the message below says enough
        }
        return new RequestException(folder.toString(), "no model in this folder", "model.safetensors, or model.safetensors.index.json and its shards", "neither");
    }

    @Override
    public String name() { return folder.toString(); }

    @Override
    public SequencedMap<String, SourceTensor> tensors() { return Collections.unmodifiableSequencedMap(tensors); }

    @Override
    public JsonObject config() { return config.deepCopy(); }

    @Override
    public Optional<Path> folder() { return Optional.of(folder); }

    @Override
    public List<String> notes() { return List.copyOf(notes); }

    /** {@return its files of tensors, in the order of their names; owned by this} */
    public List<SafetensorsFile> files() { return Collections.unmodifiableList(files); }

    @Override
    public void close() {
        for (SafetensorsFile file : files) file.close();
    }
}
