/** Training examples out of JSON lines: which tokens a model reads, and which of them it is to learn. */
package io.graft.formats.examples;
