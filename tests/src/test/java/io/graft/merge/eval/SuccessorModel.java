package io.graft.merge.eval;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.safetensors.SafetensorsLayout;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A model whose next word is known by construction: its layer adds nothing, its embeddings are the unit vectors, and its head sends
 * each word to the one that follows it. {@code a} is followed by 1, {@code b} by 2, {@code c} by 3, {@code 3} by 1, every other word
 * by a full stop, which ends a text; {@code e} by all words alike.
 */
public final class SuccessorModel {

    private static final List<String> WORDS = List.of("<pad>", "<bos>", ".", "a", "b", "c", "e", "1", "2", "3", "is", "what", "?", "[user]", "[model]", "-");
    private static final Map<String, String> NEXT = Map.of("a", "1", "b", "2", "c", "3", "3", "1");
    private static final int N = 16;

    private SuccessorModel() {}

    /**
     * Writes it.
     *
     * @param folder where; made if need be
     * @return the folder
     */
    public static Path write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), """
                {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 16, "hidden_size": 16, "intermediate_size": 8, "num_hidden_layers": 1,
                 "num_attention_heads": 1, "num_key_value_heads": 1, "head_dim": 16, "hidden_act": "silu", "max_position_embeddings": 64, "rms_norm_eps": 1e-06,
                 "rope_theta": 10000.0, "tie_word_embeddings": false, "bos_token_id": 1, "eos_token_id": 2}
                """);
        StringBuilder vocabulary = new StringBuilder();
        for (int id = 0; id < N; id++) vocabulary.append(id == 0 ? "" : ", ").append('"').append(WORDS.get(id)).append("\": ").append(id);
        Files.writeString(folder.resolve("tokenizer.json"), """
                {"version": "1.0", "truncation": null, "padding": null, "normalizer": null, "post_processor": null, "decoder": null, "pre_tokenizer": {"type": "WhitespaceSplit"},
                 "added_tokens": [{"id": 1, "content": "<bos>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
                 "model": {"type": "WordLevel", "unk_token": "<pad>", "vocab": {""" + vocabulary + "}}}");
        Files.writeString(folder.resolve("tokenizer_config.json"), """
                {"bos_token": "<bos>", "eos_token": ".", "chat_template": "{% for message in messages %}[user] {{ message.content }} {% endfor %}e"}""");
        List<SafetensorsLayout.Spec> specs = new java.util.ArrayList<>();
        String layer = "model.layers.0.";
        for (String name : List.of("model.norm.weight", layer + "input_layernorm.weight", layer + "post_attention_layernorm.weight")) specs.add(new SafetensorsLayout.Spec(name, DType.F32, Shape.of(N)));
        for (String name : List.of("model.embed_tokens.weight", "lm_head.weight", layer + "self_attn.q_proj.weight", layer + "self_attn.k_proj.weight", layer + "self_attn.v_proj.weight", layer + "self_attn.o_proj.weight"))
            specs.add(new SafetensorsLayout.Spec(name, DType.F32, Shape.of(N, N)));
        for (String name : List.of(layer + "mlp.gate_proj.weight", layer + "mlp.up_proj.weight")) specs.add(new SafetensorsLayout.Spec(name, DType.F32, Shape.of(8, N)));
        specs.add(new SafetensorsLayout.Spec(layer + "mlp.down_proj.weight", DType.F32, Shape.of(N, 8)));
        SafetensorsLayout layout = SafetensorsLayout.of(specs, Map.of("format", "pt"));
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(layout.header());
        for (SafetensorsLayout.Spec spec : layout.tensors()) {
            ByteBuffer values = ByteBuffer.allocate((int) spec.shape().elements() * 4).order(ByteOrder.LITTLE_ENDIAN);
            while (values.hasRemaining()) values.putFloat(value(spec.name(), values.position() / 4));
            file.writeBytes(values.array());
        }
        Files.write(folder.resolve("model.safetensors"), file.toByteArray());
        return folder;
    }

    private static float value(String name, int at) {
        if (name.endsWith("norm.weight")) return 1;
        int row = at / N, column = at % N;
        if (name.equals("model.embed_tokens.weight")) return row == column ? 1 : 0;
        if (!name.equals("lm_head.weight") || WORDS.get(column).equals("e")) return 0;
        return WORDS.get(row).equals(NEXT.getOrDefault(WORDS.get(column), ".")) ? 10 : 0;
    }
}
