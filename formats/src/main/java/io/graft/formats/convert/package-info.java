/** Tensors of any model written into files in another element type: in pieces, by all cores, in memory that does not grow with the model. */
package io.graft.formats.convert;
