/** Looking for a merge: evaluating many without writing one, choosing by gradients, and learning coefficients by them. */
package io.graft.merge.search;
