package io.graft.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.json.Json;
import io.graft.formats.safetensors.SafetensorsLayout;
import io.graft.formats.safetensors.SafetensorsLayout.Spec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A Llama of 1.1 billion random BF16 weights (the sizes of TinyLlama 1.1B: 2.2 GB), three times. */
final class MergeTrio {

    static final int LAYERS = 22;
    private static final int HIDDEN = 2048, INNER = 5632, HEADS = 32, KV_HEADS = 4, VOCABULARY = 32000;

    private MergeTrio() {}

    /** Writes base, a and b below a folder; those that are there stay. */
    static void build(Path folder) throws IOException {
        long seed = 1;
        for (String name : List.of("base", "a", "b")) build(folder.resolve(name), seed++);
    }

    private static void build(Path folder, long seed) throws IOException {
        Path file = folder.resolve("model.safetensors");
        if (Files.exists(file)) return;
        Files.createDirectories(folder);
        Files.write(folder.resolve("config.json"), Json.write(config()).getBytes(StandardCharsets.UTF_8));
        Path temporary = folder.resolve("building.tmp");
        SafetensorsLayout layout = SafetensorsLayout.of(specs(), Map.of("format", "pt"));
        try (FileChannel out = FileChannel.open(temporary, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer chunk = ByteBuffer.allocateDirect(1 << 18).order(ByteOrder.LITTLE_ENDIAN);
            out.write(ByteBuffer.wrap(layout.header()));
            SplittableRandom random = new SplittableRandom(seed);
            for (long left = layout.fileBytes() - layout.header().length; left > 0; left -= chunk.limit()) {
                chunk.clear().limit((int) Math.min(left, chunk.capacity()));
                while (chunk.remaining() >= 8) chunk.putLong(four(random.nextLong()));
                while (chunk.hasRemaining()) chunk.putShort((short) four(random.nextLong()));
                chunk.flip();
                while (chunk.hasRemaining()) out.write(chunk);
            }
            out.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Four BF16 values of magnitude 2^-7 to 2^-5, any sign and mantissa. */
    private static long four(long bits) { return bits & 0x80ff_80ff_80ff_80ffL | 0x3c00_3c00_3c00_3c00L; }

    private static List<Spec> specs() {
        List<Spec> all = new ArrayList<>();
        add(all, "lm_head.weight", VOCABULARY, HIDDEN);
        add(all, "model.embed_tokens.weight", VOCABULARY, HIDDEN);
        add(all, "model.norm.weight", HIDDEN);
        int kv = HIDDEN / HEADS * KV_HEADS;
        for (int i = 0; i < LAYERS; i++) {
            String layer = "model.layers." + i + ".";
            add(all, layer + "input_layernorm.weight", HIDDEN);
            add(all, layer + "post_attention_layernorm.weight", HIDDEN);
            add(all, layer + "self_attn.q_proj.weight", HIDDEN, HIDDEN);
            add(all, layer + "self_attn.k_proj.weight", kv, HIDDEN);
            add(all, layer + "self_attn.v_proj.weight", kv, HIDDEN);
            add(all, layer + "self_attn.o_proj.weight", HIDDEN, HIDDEN);
            add(all, layer + "mlp.gate_proj.weight", INNER, HIDDEN);
            add(all, layer + "mlp.up_proj.weight", INNER, HIDDEN);
            add(all, layer + "mlp.down_proj.weight", HIDDEN, INNER);
        }
        return all;
    }

    private static void add(List<Spec> all, String name, long... sizes) { all.add(new Spec(name, DType.BF16, Shape.of(sizes))); }

    private static JsonObject config() {
        JsonObject config = new JsonObject();
        JsonArray architectures = new JsonArray();
        architectures.add("LlamaForCausalLM");
        config.add("architectures", architectures);
        config.addProperty("model_type", "llama");
        config.addProperty("hidden_act", "silu");
        config.addProperty("hidden_size", HIDDEN);
        config.addProperty("intermediate_size", INNER);
        config.addProperty("num_hidden_layers", LAYERS);
        config.addProperty("num_attention_heads", HEADS);
        config.addProperty("num_key_value_heads", KV_HEADS);
        config.addProperty("vocab_size", VOCABULARY);
        config.addProperty("max_position_embeddings", 2048);
        config.addProperty("rms_norm_eps", 1e-5);
        config.addProperty("rope_theta", 10000.0);
        config.addProperty("tie_word_embeddings", false);
        config.addProperty("torch_dtype", "bfloat16");
        return config;
    }
}
