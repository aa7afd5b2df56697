/**
 * GGUF, the single-file format of llama.cpp: read as a Hugging Face model, written from one.
 *
 * <p>Aim: every value of the usual tensor types, bit for bit as ggml defines them, from files that nobody vouches for. Not an
 * aim: to compute on quantised blocks, or to quantise below eight bits.
 */
package io.graft.formats.gguf;
