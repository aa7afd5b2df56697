/** safetensors: the reader that maps, the layout that the reference writes, and the writer. */
package io.graft.formats.safetensors;
