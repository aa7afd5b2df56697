package io.graft.merge.plan;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/** What planning sees of a model: config, names, dtypes, shapes. No weights. Made in a test, or of a folder's header. */
final class HeaderModel implements ModelSource {

    private final String name;
    private final JsonObject config;
    private final SequencedMap<String, SourceTensor> tensors = new LinkedHashMap<>();
    boolean closed;

    HeaderModel(String name, String config) {
        this.name = name;
        this.config = Json.parse(name, config).getAsJsonObject();
    }

    HeaderModel with(String tensor, DType dtype, long... shape) {
        tensors.put(tensor, new Header(tensor, dtype, Shape.of(shape), Optional.of(new StoredRange(Path.of(name), 0, dtype.bytes(Shape.of(shape).elements())))));
        return this;
    }

    HeaderModel without(String tensor) {
        tensors.remove(tensor);
        return this;
    }

    /** A Llama of some layers, 2 wide, with a vocabulary of 5. */
    static HeaderModel llama(String name, int layers, boolean tied, DType dtype) {
        HeaderModel model = new HeaderModel(name, "{\"model_type\": \"llama\", \"num_hidden_layers\": " + layers + ", \"vocab_size\": 5, \"tie_word_embeddings\": " + tied + "}");
        model.with("model.embed_tokens.weight", dtype, 5, 2);
        for (int i = 0; i < layers; i++) {
            String layer = "model.layers." + i + ".";
            model.with(layer + "self_attn.q_proj.weight", dtype, 2, 2).with(layer + "mlp.up_proj.weight", dtype, 3, 2).with(layer + "input_layernorm.weight", dtype, 2);
        }
        model.with("model.norm.weight", dtype, 2);
        return tied ? model : model.with("lm_head.weight", dtype, 5, 2);
    }

    /** A folder of golden data; an adapter behind a + changes no header. */
    static HeaderModel of(Path root, String argument) {
        Path folder = root.resolve(argument.split("\\+")[0]);
        if (!Files.isDirectory(folder)) throw new RequestException(argument, "no such model");
        return file(argument, Json.readText(folder.resolve("config.json")), folder.resolve("model.safetensors"));
    }

    /** The header of a safetensors file, read in the plainest way. */
    static HeaderModel file(String name, String config, Path file) {
        try {
            HeaderModel model = new HeaderModel(name, config);
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            JsonObject header = Json.parse(name, new String(bytes.array(), 8, (int) bytes.getLong(0), StandardCharsets.UTF_8)).getAsJsonObject();
            for (Map.Entry<String, JsonElement> entry : header.entrySet()) {
                if (entry.getKey().equals("__metadata__")) continue;
                JsonObject tensor = entry.getValue().getAsJsonObject();
                long[] shape = tensor.getAsJsonArray("shape").asList().stream().mapToLong(JsonElement::getAsLong).toArray();
                model.with(entry.getKey(), DType.valueOf(tensor.get("dtype").getAsString()), shape);
            }
            return model;
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    @Override
    public String name() { return name; }

    @Override
    public SequencedMap<String, SourceTensor> tensors() { return tensors; }

    @Override
    public JsonObject config() { return config.deepCopy(); }

    @Override
    public Optional<Path> folder() { return Optional.of(Path.of(name)); }

    @Override
    public void close() { closed = true; }

    private record Header(String name, DType dtype, Shape shape, Optional<StoredRange> stored) implements SourceTensor {
        @Override
        public void readF32(long first, long count, MemorySegment to) { throw new AssertionError("planning read the weights of " + name); }
    }
}
