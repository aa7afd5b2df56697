package io.graft.formats.model;

import io.graft.engine.RequestException;
import io.graft.formats.gguf.GgufModel;
import io.graft.formats.huggingface.HubCache;
import io.graft.formats.huggingface.HuggingFaceFolder;
import io.graft.formats.peft.AdaptedModel;
import io.graft.formats.peft.Adapter;
import io.graft.formats.peft.AdapterConfig;
import io.graft.formats.safetensors.SafetensorsModel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;

/** Opens whatever a model argument names. */
public final class ModelSources {

    private ModelSources() {}

    /**
     * Opens a model. What is there on disk goes before what could be a name on the hub.
     *
     * @param argument a Hugging Face folder; a {@code .safetensors} or {@code .gguf} file; {@code org/name[@revision]} in the hub's
     *                 local cache; one of these with {@code +adapter}, a folder of PEFT's or a name on the hub
     * @return the model; close it
     * @throws RequestException if there is no such model, or it is one that Graft cannot read
     */
    public static ModelSource open(String argument) {
        Path path = path(argument);
        if (Files.exists(path)) return onDisk(path);
        int plus = argument.lastIndexOf('+');
        if (plus > 0 && plus + 1 < argument.length()) return adapted(argument.substring(0, plus), argument.substring(plus + 1));
        if (HubCache.isName(argument)) return onDisk(HubCache.resolve(argument));
        throw new RequestException(argument, "no such model", "a folder, a .safetensors or .gguf file, org/name of the hub's cache, or one of them with +adapter", "nothing there");
    }

    private static ModelSource onDisk(Path path) {
        if (Files.isDirectory(path)) return HuggingFaceFolder.open(path);
        String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".gguf")) return GgufModel.open(path);
        if (name.endsWith(".safetensors")) return SafetensorsModel.open(path);
        throw new RequestException(path.toString(), "not a model's file", "a .safetensors or .gguf file, or a folder", path.getFileName());
    }

    private static ModelSource adapted(String base, String adapter) {
        Path folder = path(adapter);
        if (!Files.exists(folder) && HubCache.isName(adapter)) folder = HubCache.resolve(adapter);
        ModelSource model = open(base);
        try {
            return AdaptedModel.of(model, openAdapter(folder));
        } catch (RuntimeException | Error error) {
            model.close();
            throw error;
        }
    }

    /**
     * Opens an adapter's folder as PEFT writes it.
     *
     * @param folder its folder
     * @return the adapter; close it
     * @throws RequestException if it is no adapter, or one that Graft cannot apply
     */
    public static Adapter openAdapter(Path folder) {
        if (!Files.isDirectory(folder)) throw new RequestException(folder.toString(), "no such adapter", "a folder with adapter_config.json and adapter_model.safetensors", null);
        AdapterConfig config = AdapterConfig.read(folder.resolve("adapter_config.json"));
        Path weights = folder.resolve("adapter_model.safetensors");
        if (!Files.exists(weights) && Files.exists(folder.resolve("adapter_model.bin")))
            throw new RequestException(folder.resolve("adapter_model.bin").toString(), "PyTorch's pickle format can run any code, and Graft does not read it", weights.getFileName(),
                    "adapter_model.bin", "convert it where PEFT is: load the adapter and call save_pretrained(OUT, safe_serialization=True)");
        SafetensorsModel file = SafetensorsModel.open(weights);
        try {
            return Adapter.of(folder, config, file);
        } catch (RuntimeException | Error error) {
            file.close();
            throw error;
        }
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException invalid) {
            throw new RequestException(text.replace("\0", "\\0"), "not a name that a file can have");
        }
    }
}
