package io.graft.engine.kernel;

/** The function of a gated MLP's gate. */
public enum Activation {
    /** x / (1 + exp(-x)), of Llama, Qwen, Mistral and Cohere; config.json calls it {@code silu} or {@code swish}. */
    SILU,
    /** x / (1 + exp(-2u)), u = sqrt(2/pi) (x + 0.044715 x^3), of Gemma; config.json calls it {@code gelu_pytorch_tanh}. */
    GELU_TANH
}
