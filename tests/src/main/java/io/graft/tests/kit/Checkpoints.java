package io.graft.tests.kit;

import com.google.gson.JsonObject;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.json.Json;
import io.graft.formats.safetensors.SafetensorsWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Arbitraries of small models in the shape of Llama, and the folders that hold them. */
public final class Checkpoints {

    /**
     * A model's tensors and config.
     *
     * @param layers  how many layers
     * @param hidden  the width
     * @param tied    whether the head is the embedding
     * @param tensors its tensors
     */
    public record Checkpoint(int layers, int hidden, boolean tied, List<Blob> tensors) {

        /** {@return its config.json} */
        public JsonObject config() {
            JsonObject config = new JsonObject();
            config.addProperty("model_type", "llama");
            config.addProperty("num_hidden_layers", layers);
            config.addProperty("hidden_size", hidden);
            config.addProperty("tie_word_embeddings", tied);
            return config;
        }

        /**
         * Writes it as a Hugging Face folder.
         *
         * @param folder the folder, made where missing
         * @return the folder
         */
        public Path write(Path folder) {
            List<Tensor> all = Blob.tensors(tensors);
            try {
                SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of("format", "pt"), all);
            } finally {
                all.forEach(Tensor::close);
            }
            AtomicFile.write(folder.resolve("config.json"), Json.write(config()).getBytes(StandardCharsets.UTF_8));
            return folder;
        }

        @Override
        public String toString() { return layers + " layers of " + hidden + (tied ? ", tied" : "") + ", " + tensors.getFirst().dtype(); }
    }

    private Checkpoints() {}

    /** {@return models of 1 to 6 layers in F32, BF16 or F16, with finite values} */
    public static Arbitrary<Checkpoint> any() { return families(1).map(List::getFirst); }

    /**
     * Models that can be merged: the same names, shapes and dtype, other values.
     *
     * @param count how many
     * @return lists of that many
     */
    public static Arbitrary<List<Checkpoint>> families(int count) {
        return Combinators.combine(Arbitraries.integers().between(1, 6), Arbitraries.integers().between(1, 5), Arbitraries.of(true, false), Dtypes.computable(), Arbitraries.longs())
                .as((layers, quarter, tied, dtype, seed) -> {
                    SplittableRandom random = new SplittableRandom(seed);
                    List<Checkpoint> family = new ArrayList<>();
                    for (int i = 0; i < count; i++) family.add(of(layers, 4 * quarter, tied, dtype, random.split()));
                    return family;
                });
    }

    /**
     * One model.
     *
     * @param layers how many layers, 1 or more
     * @param hidden the width
     * @param tied   whether the head is the embedding
     * @param dtype  F32, BF16 or F16
     * @param random where the values come from
     * @return the model
     */
    public static Checkpoint of(int layers, int hidden, boolean tied, DType dtype, SplittableRandom random) {
        List<Blob> tensors = new ArrayList<>();
        Shape square = Shape.of(hidden, hidden), wide = Shape.of(2L * hidden, hidden), row = Shape.of(hidden);
        tensors.add(Blob.finite("model.embed_tokens.weight", dtype, Shape.of(11, hidden), random));
        for (int i = 0; i < layers; i++) {
            String layer = "model.layers." + i + ".";
            for (String name : new String[] {"q_proj", "k_proj", "v_proj", "o_proj"}) tensors.add(Blob.finite(layer + "self_attn." + name + ".weight", dtype, square, random));
            for (String name : new String[] {"gate_proj", "up_proj"}) tensors.add(Blob.finite(layer + "mlp." + name + ".weight", dtype, wide, random));
            tensors.add(Blob.finite(layer + "mlp.down_proj.weight", dtype, Shape.of(hidden, 2L * hidden), random));
            for (String name : new String[] {"input_layernorm", "post_attention_layernorm"}) tensors.add(Blob.finite(layer + name + ".weight", dtype, row, random));
        }
        tensors.add(Blob.finite("model.norm.weight", dtype, row, random));
        if (!tied) tensors.add(Blob.finite("lm_head.weight", dtype, Shape.of(11, hidden), random));
        return new Checkpoint(layers, hidden, tied, List.copyOf(tensors));
    }
}
