package io.graft.formats.safetensors;

import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Tensor;
import io.graft.formats.files.AtomicFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * Writes tensors that are in memory, or mapped, as one file in the reference's layout: traces, adapters, small models. The
 * file appears whole or not at all.
 */
public final class SafetensorsWriter {

    /** Smaller writes than a megabyte were up to six times as fast on the machines that we measured. */
    private static final int CHUNK = 1 << 17;

    private SafetensorsWriter() {}

    /**
     * Writes a file, replacing one that is there.
     *
     * @param file     the file
     * @param metadata its metadata; null for none
     * @param tensors  the tensors, in any order, each name once
     * @throws io.graft.engine.RunException if it cannot be written, or a mapped tensor's file was cut short meanwhile
     */
    public static void write(Path file, Map<String, String> metadata, Collection<Tensor> tensors) {
        Map<String, Tensor> byName = new HashMap<>();
        for (Tensor tensor : tensors) byName.put(tensor.name(), tensor);
        SafetensorsLayout layout = SafetensorsLayout.of(
                tensors.stream().map(t -> new SafetensorsLayout.Spec(t.name(), t.dtype(), t.shape())).toList(), metadata);
        AtomicFile.write(file, channel -> {
            try (Owner staging = Owner.allocate("staging", CHUNK)) {
                all(channel, ByteBuffer.wrap(layout.header()));
                for (SafetensorsLayout.Spec spec : layout.tensors()) write(channel, byName.get(spec.name()), staging);
            }
        });
    }

    private static void write(FileChannel channel, Tensor tensor, Owner staging) throws IOException {
        tensor.acquire();
        try {
            MemorySegment from = tensor.segment();
            for (long done = 0; done < from.byteSize(); done += CHUNK) {
                MemorySegment chunk = from.asSlice(done, Math.min(CHUNK, from.byteSize() - done));
                // A mapping that was cut short, given to write itself, would fall short without a word.
                if (tensor.isMapped()) chunk = staging.segment().asSlice(0, chunk.byteSize()).copyFrom(chunk);
                all(channel, chunk.asByteBuffer());
            }
        } catch (InternalError fault) {
            if (tensor.isMapped()) throw tensor.owner().truncated(fault);
            throw fault;
        } finally {
            tensor.release();
        }
    }

    private static void all(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) channel.write(bytes);
    }
}
