/**
 * PEFT's adapters: LoRA, rsLoRA and DoRA, trained biases and saved modules, as pairs of factors and as an adapted model.
 *
 * <p>Aim: what the live adapter computes, in F64 rounded once. Not an aim: the other kinds of adapter that PEFT has; they are refused by name.
 */
package io.graft.formats.peft;
