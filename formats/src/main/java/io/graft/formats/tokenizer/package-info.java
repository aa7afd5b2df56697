/**
 * Tokenizers out of {@code tokenizer.json}: text to ids with offsets, ids to text, and text that streams.
 *
 * <p>Aim: the ids of the tokenizers library on any text, and linear time on any text. Not an aim: training one.
 * A component that would change the result and is not known here is refused by name.
 */
package io.graft.formats.tokenizer;
