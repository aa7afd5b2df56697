/** Who owns bytes: dtypes, shapes, native blocks and the tensors upon them. */
package io.graft.engine.memory;
