package io.graft.engine.kernel.host;

import io.graft.engine.memory.Owner;
import java.lang.foreign.MemorySegment;

/** A block of native memory that grows to the largest demand and is then reused, so that a warm forward pass allocates none. Its content is anything. */
public final class Scratch implements AutoCloseable {

    private final String name;
    private final boolean raw;
    private Owner block;
    private long at;

    Scratch(String name, boolean raw) {
        this.name = name;
        this.raw = raw;
    }

    /**
     * Makes room.
     *
     * @param bytes how much is needed; where it grows, what was here is lost
     * @return where it begins: an address where they are raw, else 0
     */
    public long room(long bytes) {
        if (block == null || block.bytes() < bytes) {
            close();
            block = Owner.allocate(name, bytes);
            at = raw ? block.segment().address() : 0;
        }
        return at;
    }

    /** {@return what kernels address: null where addresses are raw} */
    public MemorySegment segment() { return raw ? null : block.segment(); }

    @Override
    public void close() {
        if (block != null) block.close();
        block = null;
    }
}
