/** Models written again in another element type or file format, weights unchanged. */
package io.graft.merge.convert;
