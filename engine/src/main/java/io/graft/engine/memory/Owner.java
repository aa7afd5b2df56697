package io.graft.engine.memory;

import io.graft.engine.RunException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The one owner of a block of native or mapped memory, which counts who is using it.
 *
 * <p>Kernels read raw addresses, and the JVM does not check those: a block freed under a running kernel gives wrong
 * numbers or ends the process. So whoever starts a kernel {@linkplain #acquire acquires} every operand before the
 * workers start and {@linkplain #release releases} it after they have joined. Closing refuses new users at once; the
 * last user to leave frees the block.
 *
 * <p>This is the only place of Graft that allocates native memory, so that {@link #allocations} counts all of it.
 * Safe for use by many threads. Views of the block hold their owner, never its arena.
 */
public final class Owner implements AutoCloseable {

    /** The alignment of every allocation: a cache line, and the widest vector. */
    public static final long ALIGNMENT = 64;

    /** The sign bit of {@link #state}; the other bits count users. */
    private static final long CLOSED = Long.MIN_VALUE;

    private static final AtomicLong ALLOCATIONS = new AtomicLong();
    private static final AtomicLong LIVE_BYTES = new AtomicLong();
    private static final AtomicLong PEAK_BYTES = new AtomicLong();

    private final String name;
    private final Arena arena;
    private final MemorySegment block;
    private final Path file;
    private final AtomicLong state = new AtomicLong();

    private Owner(String name, Arena arena, MemorySegment block, Path file) {
        this.name = name;
        this.arena = arena;
        this.block = block;
        this.file = file;
    }

    /**
     * Allocates a zeroed block, aligned to {@link #ALIGNMENT}.
     *
     * @param name  what errors call it, such as a tensor's name
     * @param bytes its size, 0 or more
     * @return its owner
     * @throws RunException if the memory cannot be had
     */
    public static Owner allocate(String name, long bytes) {
        Arena arena = Arena.ofShared();
        try {
            Owner owner = new Owner(name, arena, arena.allocate(bytes, ALIGNMENT), null);
            ALLOCATIONS.incrementAndGet();
            PEAK_BYTES.accumulateAndGet(LIVE_BYTES.addAndGet(bytes), Math::max);
            return owner;
        } catch (OutOfMemoryError error) {
            arena.close();
            throw new RunException(name, "cannot allocate " + bytes + " bytes of native memory", error);
        }
    }

    /**
     * Maps a part of a file, read-only.
     *
     * @param file   the file, which errors name
     * @param open   the same file, open for reading; may be closed after this call
     * @param offset where the part begins, in bytes
     * @param bytes  its size, 0 or more
     * @return its owner
     * @throws RunException if it cannot be mapped
     */
    public static Owner map(Path file, FileChannel open, long offset, long bytes) {
        Arena arena = Arena.ofShared();
        try {
            return new Owner(file.toString(), arena, open.map(FileChannel.MapMode.READ_ONLY, offset, bytes, arena), file);
        } catch (IOException | OutOfMemoryError error) {
            arena.close();
            throw new RunException(file.toString(), "cannot map " + bytes + " bytes", error);
        }
    }

    /**
     * Keeps the block alive until {@link #release}.
     *
     * @return the address of its first byte
     * @throws IllegalStateException if it has been closed
     */
    public long acquire() {
        long seen;
        do {
            seen = state.get();
            if (seen < 0) throw new IllegalStateException(name + " is closed; open it again, or close it after its last use");
        } while (!state.compareAndSet(seen, seen + 1));
        return block.address();
    }

    /** Ends one {@link #acquire}. */
    public void release() {
        if (state.decrementAndGet() == CLOSED) free();
    }

    /** Refuses new users and frees the block, now or when its last user leaves. Closing twice does nothing. */
    @Override
    public void close() {
        if (state.getAndUpdate(s -> s | CLOSED) == 0) free();
    }

    private void free() {
        if (file == null) LIVE_BYTES.addAndGet(-block.byteSize());
        arena.close();
    }

    /** {@return whether {@link #close} has been called} */
    public boolean isClosed() { return state.get() < 0; }

    /** {@return what errors call it} */
    public String name() { return name; }

    /** {@return its size in bytes} */
    public long bytes() { return block.byteSize(); }

    /** {@return whether it is mapped from a file, and so read-only and open to truncation by another process} */
    public boolean isMapped() { return file != null; }

    /**
     * A checked view of the block: using it after closing is an exception. Reading a mapping that was truncated is an
     * {@link InternalError} at the latest when the method that read it returns; {@link #truncated} explains it.
     *
     * @return the segment, read-only where mapped
     */
    public MemorySegment segment() { return block; }

    /**
     * Explains an {@link InternalError} from reading this mapping.
     *
     * @param error what the JVM threw
     * @return an error that names the file, what was mapped and what is left of it
     */
    public RunException truncated(InternalError error) {
        String now;
        try {
            now = Files.size(file) + " bytes now";
        } catch (IOException gone) {
            now = "no readable file now";
        }
        return new RunException(name, "the file changed while it was being read", block.byteSize() + " bytes as when it was opened", now,
                "do not write to a model's files while Graft reads them", error);
    }

    /** {@return how many blocks have been allocated by this process so far, mappings not counted} */
    public static long allocations() { return ALLOCATIONS.get(); }

    /** {@return how many bytes are allocated now, mappings not counted} */
    public static long liveBytes() { return LIVE_BYTES.get(); }

    /** {@return the most bytes that were allocated at one time since {@link #restartPeak}, mappings not counted} */
    public static long peakBytes() { return PEAK_BYTES.get(); }

    /** Counts the peak from now on. */
    public static void restartPeak() { PEAK_BYTES.set(LIVE_BYTES.get()); }
}
