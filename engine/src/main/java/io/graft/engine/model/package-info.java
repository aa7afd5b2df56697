/** Transformer language models: what they are made of, and how they run. */
package io.graft.engine.model;
