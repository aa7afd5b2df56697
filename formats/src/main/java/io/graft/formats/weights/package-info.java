/** Models on disk as weights to compute with: mapped where the bytes are what kernels read, loaded where they must be made. */
package io.graft.formats.weights;
