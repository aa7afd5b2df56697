package io.graft.formats.model;

import java.nio.file.Path;

/**
 * Where a tensor's bytes lie, exactly as safetensors would store them, so that an unchanged tensor is copied by the kernel.
 *
 * @param file   the file
 * @param offset of the first byte in it
 * @param bytes  how many
 */
public record StoredRange(Path file, long offset, long bytes) {}
