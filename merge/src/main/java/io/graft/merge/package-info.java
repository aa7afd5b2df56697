/** Merge recipes made in Java: the same methods and options as in YAML. */
package io.graft.merge;
