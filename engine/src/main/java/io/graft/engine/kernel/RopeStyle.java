package io.graft.engine.kernel;

/** Which two elements of a head turn together. */
public enum RopeStyle {
    /** Element i with i + half of the rotated part: Llama, Qwen, Mistral, Gemma as Hugging Face stores them. */
    HALVES,
    /** Element 2i with 2i + 1: Cohere, and Llama as Meta stores it. */
    PAIRS
}
