package io.graft.formats.peft;

import io.graft.engine.RequestException;
import io.graft.engine.memory.Shape;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeSet;

/**
 * An adapter of PEFT's: pairs of factors, and whole tensors that take the place of the base's (saved modules, trained biases).
 *
 * <p>Knows nothing of the base; {@link AdaptedModel} joins them. Safe for use by many threads.
 */
public final class Adapter implements AutoCloseable {

    private static final String PREFIX = "base_model.model.";

    private final Path folder;
    private final AdapterConfig config;
    private final ModelSource file;
    private final SequencedMap<String, LoraPair> pairs = new LinkedHashMap<>();
    private final SequencedMap<String, SourceTensor> replaced = new LinkedHashMap<>();
    private final List<String> warnings = new ArrayList<>();

    private Adapter(Path folder, AdapterConfig config, ModelSource file) {
        this.folder = folder;
        this.config = config;
        this.file = file;
        warnings.addAll(config.warnings());
        Map<String, Parts> parts = new LinkedHashMap<>();
        for (Map.Entry<String, SourceTensor> entry : file.tensors().entrySet()) sort(entry.getKey(), entry.getValue(), parts);
        TreeSet<String> untargeted = new TreeSet<>();
        for (Map.Entry<String, Parts> each : parts.entrySet()) {
            LoraPair pair = each.getValue().pair(each.getKey());
            if (config.targets(pair.module())) pairs.put(pair.module(), pair);
            else untargeted.add(pair.module());
        }
        if (!untargeted.isEmpty())
            warnings.add(file.name() + ": " + untargeted.size() + " modules have factors but are not targeted by adapter_config.json; ignored, as PEFT does: " + untargeted.first()
                    + (untargeted.size() > 1 ? ", ..." : ""));
        if (pairs.isEmpty() && replaced.isEmpty()) throw new RequestException(file.name(), "the adapter changes nothing", "tensors named " + PREFIX + "...lora_A.weight", "none");
    }

    /**
     * Joins a config and the tensors that go with it.
     *
     * @param folder the adapter's folder
     * @param config its adapter_config.json
     * @param file   its adapter_model.safetensors, closed with the adapter
     * @return the adapter; close it
     * @throws RequestException if a tensor has no place in a LoRA, a factor lacks its partner, or shapes do not fit
     */
    public static Adapter of(Path folder, AdapterConfig config, ModelSource file) { return new Adapter(folder, config, file); }

    /**
     * Whether a folder is an adapter.
     *
     * @param folder any
     * @return whether it holds an adapter_config.json
     */
    public static boolean isAdapter(Path folder) { return Files.isRegularFile(folder.resolve("adapter_config.json")); }

    /** What a file holds of one module. */
    private final class Parts {
        private SourceTensor a;
        private SourceTensor b;
        private SourceTensor magnitude;
        private boolean embedding;

        LoraPair pair(String module) {
            if (a == null || b == null) throw new RequestException(file.name() + ": " + module, "a factor lacks its partner", "lora_A and lora_B", a == null ? "lora_B only" : "lora_A only");
            if (a.shape().rank() != 2 || b.shape().rank() != 2 || !a.shape().equals(Shape.of(b.shape().size(1), a.shape().size(1))))
                throw new RequestException(file.name() + ": " + module, "factors that do not fit", "A [r, in] and B [out, r]", a.shape() + " and " + b.shape());
            if (a.shape().size(0) == 0) throw new RequestException(file.name() + ": " + module, "a rank of 0", "1 or more", a.shape());
            if (config.dora() != (magnitude != null))
                throw new RequestException(file.name() + ": " + module, config.dora() ? "DoRA without a magnitude" : "a magnitude without DoRA", "use_dora and lora_magnitude_vector together",
                        "one of them");
            if (magnitude != null && magnitude.shape().elements() != b.shape().size(0))
                throw new RequestException(file.name() + ": " + module, "lora_magnitude_vector", b.shape().size(0) + " values", magnitude.shape());
            return new LoraPair(module, a, b, config.scale(module, a.shape().size(0)), magnitude, embedding || config.fanInFanOut());
        }
    }

    private void sort(String name, SourceTensor tensor, Map<String, Parts> parts) {
        if (!tensor.dtype().isComputable()) throw new RequestException(file.name() + ": " + name, "a dtype that cannot be computed with", "F32, BF16 or F16", tensor.dtype());
        if (!name.startsWith(PREFIX)) throw new RequestException(file.name() + ": " + name, "no name of an adapter's tensor", PREFIX + "...", name);
        String plain = name.substring(PREFIX.length());
        int dot = plain.indexOf(".lora_");
        if (dot < 0) {
            replace(plain, tensor);
            return;
        }
        Parts of = parts.computeIfAbsent(plain.substring(0, dot), _ -> new Parts());
        switch (plain.substring(dot + 1)) {
            case "lora_A.weight" -> of.a = tensor;
            case "lora_B.weight" -> of.b = tensor;
            case "lora_embedding_A" -> {
                of.a = tensor;
                of.embedding = true;
            }
            case "lora_embedding_B" -> {
                of.b = tensor;
                of.embedding = true;
            }
            case "lora_magnitude_vector", "lora_magnitude_vector.weight" -> of.magnitude = tensor;
            default -> throw new RequestException(file.name() + ": " + name, "a tensor that Graft does not know in a LoRA", "lora_A, lora_B, lora_embedding_A, lora_embedding_B or "
                    + "lora_magnitude_vector", plain.substring(dot + 1));
        }
    }

    /** A whole tensor: a module of modules_to_save, a trained bias; or the base's own beside an adapted embedding, which says nothing. */
    private void replace(String plain, SourceTensor tensor) {
        String name = plain.replace(".modules_to_save.", ".").replace(".original_module.", ".");
        if (plain.endsWith(".base_layer.weight")) return;
        replaced.put(name.replace(".base_layer.", "."), tensor);
    }

    /** {@return its folder} */
    public Path folder() { return folder; }

    /** {@return its config} */
    public AdapterConfig config() { return config; }

    /** {@return the pairs that apply, by module, in the order of the file} */
    public SequencedMap<String, LoraPair> pairs() { return Collections.unmodifiableSequencedMap(pairs); }

    /** {@return whole tensors in the place of the base's, by the base's names: saved modules, trained biases} */
    public SequencedMap<String, SourceTensor> replaced() { return Collections.unmodifiableSequencedMap(replaced); }

    /** {@return every tensor of the file under PEFT's name, for who writes another adapter of them} */
    public SequencedMap<String, SourceTensor> tensors() { return file.tensors(); }

    /** {@return what the user should know, each once} */
    public List<String> warnings() { return Collections.unmodifiableList(warnings); }

    /** Closes its file. */
    @Override
    public void close() { file.close(); }
}
