package io.graft.formats.gguf;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The model families of GGUF that Graft knows: how llama.cpp's names and habits map to Hugging Face's.
 *
 * <p>A Mistral or a Falcon 3 is a {@code llama} there, and becomes one here: it computes the same.
 */
enum GgufFamily {
    /** Rows of q and k are stored in interleaved order. */
    LLAMA("llama", "llama", "LlamaForCausalLM", true, 0),
    /** Biases on q, k, v. */
    QWEN2("qwen2", "qwen2", "Qwen2ForCausalLM", false, 0),
    /** Norms on the heads of q and k. */
    QWEN3("qwen3", "qwen3", "Qwen3ForCausalLM", false, 0),
    /** Four norms a block, stored plus one. */
    GEMMA2("gemma2", "gemma2", "Gemma2ForCausalLM", false, 1),
    /** The same with norms on the heads of q and k. */
    GEMMA3("gemma3", "gemma3_text", "Gemma3ForCausalLM", false, 1),
    /** One norm a block; rotation is interleaved in the model itself, so nothing is permuted. */
    COHERE("command-r", "cohere", "CohereForCausalLM", false, 0);

    private static final String BLOCK = "blk.", LAYER = "model.layers.";

    /** {@code general.architecture}, and the prefix of its keys. */
    final String architecture;
    /** Hugging Face's {@code model_type}. */
    final String modelType;
    /** The class in {@code architectures}. */
    final String className;
    /** Whether a head's rows of q and k stand as (0, D/2, 1, D/2 + 1, ...) in the file. */
    final boolean permuted;
    /** What the file adds to the weights of norms. */
    final int normOffset;
    private final Map<String, String> layerNames = new LinkedHashMap<>();

    GgufFamily(String architecture, String modelType, String className, boolean permuted, int normOffset) {
        this.architecture = architecture;
        this.modelType = modelType;
        this.className = className;
        this.permuted = permuted;
        this.normOffset = normOffset;
        layer("attn_norm", "input_layernorm");
        layer("attn_q", "self_attn.q_proj");
        layer("attn_k", "self_attn.k_proj");
        layer("attn_v", "self_attn.v_proj");
        layer("attn_output", "self_attn.o_proj");
        layer("attn_q_norm", "self_attn.q_norm");
        layer("attn_k_norm", "self_attn.k_norm");
        layer("ffn_norm", normOffset == 1 ? "pre_feedforward_layernorm" : "post_attention_layernorm");
        if (normOffset == 1) {
            layer("post_attention_norm", "post_attention_layernorm");
            layer("post_ffw_norm", "post_feedforward_layernorm");
        }
        layer("ffn_gate", "mlp.gate_proj");
        layer("ffn_up", "mlp.up_proj");
        layer("ffn_down", "mlp.down_proj");
    }

    private void layer(String here, String there) { layerNames.put(here, there); }

    /** The family of that {@code general.architecture}; null for an unknown one. */
    static GgufFamily ofArchitecture(String name) {
        for (GgufFamily family : values()) if (family.architecture.equals(name)) return family;
        return null;
    }

    /** The family that a Hugging Face model of that type is written as; null for an unknown one. */
    static GgufFamily ofModelType(String type) {
        if ("mistral".equals(type)) return LLAMA;
        for (GgufFamily family : values()) if (family.modelType.equals(type)) return family;
        return null;
    }

    /** Hugging Face's name of a tensor; null for one that the family does not have. */
    String toHuggingFace(String name) {
        switch (name) {
            case "token_embd.weight": return "model.embed_tokens.weight";
            case "output_norm.weight": return "model.norm.weight";
            case "output.weight": return "lm_head.weight";
            default: return layerName(name, BLOCK, LAYER, layerNames);
        }
    }

    /** The name in a GGUF of Hugging Face's tensor; null for one that the family does not have. */
    String fromHuggingFace(String name) {
        switch (name) {
            case "model.embed_tokens.weight": return "token_embd.weight";
            case "model.norm.weight": return "output_norm.weight";
            case "lm_head.weight": return "output.weight";
            default:
                Map<String, String> back = new LinkedHashMap<>();
                layerNames.forEach((here, there) -> back.put(there, here));
                return layerName(name, LAYER, BLOCK, back);
        }
    }

    /** Renames {@code FROM.<number>.<part>.weight} or {@code .bias}. */
    private static String layerName(String name, String from, String to, Map<String, String> names) {
        if (!name.startsWith(from)) return null;
        int number = name.indexOf('.', from.length()), end = name.lastIndexOf('.');
        if (number < 0 || end <= number || !name.substring(from.length(), number).matches("0|[1-9][0-9]{0,5}")) return null;
        String suffix = name.substring(end), part = names.get(name.substring(number + 1, end));
        if (part == null || !(suffix.equals(".weight") || suffix.equals(".bias"))) return null;
        return to + name.substring(from.length(), number + 1) + part + suffix;
    }

    /** How many heads' rows of a tensor must be permuted; 0 for none. */
    long permutedHeads(String huggingFaceName, long heads, long kvHeads) {
        if (!permuted) return 0;
        if (huggingFaceName.contains(".self_attn.q_proj.")) return heads;
        return huggingFaceName.contains(".self_attn.k_proj.") ? kvHeads : 0;
    }

    /** Whether a tensor is a norm's weight, to which {@link #normOffset} applies. */
    static boolean isNorm(String huggingFaceName) { return huggingFaceName.endsWith("norm.weight"); }
}
