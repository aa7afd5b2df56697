/** Recipes: mergekit's YAML and Graft's own {@code layer_swap}, read with the line and column of every mistake. */
package io.graft.merge.recipe;
