/** Arbitraries of dtypes, shapes, checkpoints and recipes, for property tests of merges. */
package io.graft.tests.kit;
