package io.graft.formats.convert;

import io.graft.engine.GraftException;
import io.graft.engine.RunException;
import io.graft.engine.memory.Owner;
import io.graft.formats.model.SourceTensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;

/**
 * Writes tensors to their places in files, in pieces, with several threads. Every piece has one place and one value, so that the
 * bytes do not depend on the number of threads. Memory: {@value #PIECE} elements and their encoding for every thread.
 */
public final class TensorStream {

    /** Elements of a piece: 1 MiB of F32, a multiple of every block. Smaller ones write no faster here, larger ones leave the cache. */
    static final int PIECE = 1 << 18;

    private TensorStream() {}

    /**
     * One tensor to be written.
     *
     * @param tensor   it
     * @param encoding as what
     * @param file     the file, open for writing
     * @param position of its first byte there
     */
    public record Job(SourceTensor tensor, Encoding encoding, FileChannel file, long position) {}

    private record Piece(Job job, long first, long count) {}

    /**
     * Writes tensors.
     *
     * @param jobs    what and where
     * @param threads how many work; 1 or more
     * @param written told of bytes of output as they are written, from any thread
     * @throws RunException   if a file cannot be read or written, or has been truncated since it was opened
     * @throws GraftException whatever reading a tensor throws
     */
    public static void write(List<Job> jobs, int threads, LongConsumer written) {
        List<Piece> pieces = new ArrayList<>();
        for (Job job : jobs) {
            long elements = job.tensor.shape().elements();
            for (long first = 0; first < elements; first += PIECE) pieces.add(new Piece(job, first, Math.min(PIECE, elements - first)));
        }
        AtomicInteger next = new AtomicInteger();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Runnable work = () -> {
            try (Owner values = Owner.allocate("a piece of a tensor", 4L * PIECE); Owner bytes = Owner.allocate("a piece of a file", 4L * PIECE)) {
                for (int i = next.getAndIncrement(); i < pieces.size() && failure.get() == null; i = next.getAndIncrement())
                    written.accept(write(pieces.get(i), values.segment(), bytes.segment()));
            } catch (Throwable error) {
                failure.compareAndSet(null, error);
            }
        };
        List<Thread> others = new ArrayList<>();
        for (int i = 1; i < Math.min(threads, pieces.size()); i++) others.add(Thread.ofPlatform().name("graft-write-" + i).start(work));
        work.run();
        boolean interrupted = false;
        for (Thread other : others)
            while (other.isAlive())
                try {
                    other.join();
                } catch (InterruptedException stop) {
                    interrupted = true;
                    failure.compareAndSet(null, new RunException(null, "interrupted", stop));
                }
        if (interrupted) Thread.currentThread().interrupt();
        switch (failure.get()) {
            case null -> {}
            case RuntimeException error -> throw error;
            case Error error -> throw error;
            case Throwable error -> throw new RunException(null, "writing failed: " + error.getMessage(), error);
        }
    }

    private static long write(Piece piece, MemorySegment values, MemorySegment bytes) throws IOException {
        Job job = piece.job;
        job.tensor.readF32(piece.first, piece.count, values);
        long size = piece.count / job.encoding.blockElements() * job.encoding.blockBytes();
        try {
            job.encoding.encode(values, piece.count, bytes);
        } catch (ArithmeticException unfit) {
            throw new RunException(job.tensor.name(), unfit.getMessage(), unfit);
        }
        ByteBuffer buffer = bytes.asSlice(0, size).asByteBuffer();
        long position = job.position + piece.first / job.encoding.blockElements() * job.encoding.blockBytes();
        while (buffer.hasRemaining()) job.file.write(buffer, position + buffer.position());
        return size;
    }
}
