/** The kernels by the Vector API, of any width, to the bits of the scalar ones. No class here but the provider loads without it. */
package io.graft.engine.kernel.vector;
