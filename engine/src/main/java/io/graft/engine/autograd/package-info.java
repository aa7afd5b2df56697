/** Reverse-mode differentiation over a tape of coarse operations. */
package io.graft.engine.autograd;
