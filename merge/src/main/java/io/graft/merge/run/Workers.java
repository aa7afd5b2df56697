package io.graft.merge.run;

import io.graft.engine.RunException;
import io.graft.engine.memory.Owner;
import io.graft.merge.run.Tickets.Ticket;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The threads of a run. Each takes a ticket, reads, computes and writes on its own, so that one reads while another
 * computes or writes; the first error stops all.
 */
final class Workers {

    private final Tickets tickets;
    private final InputFiles files;
    private final Scratch shares;
    private final MergeOptions options;
    private final Semaphore writing;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicLong bytesRead = new AtomicLong();

    Workers(List<TensorTask> tasks, InputFiles files, Scratch shares, MergeOptions options) {
        this.tickets = new Tickets(tasks, shares.piece());
        this.files = files;
        this.shares = shares;
        this.options = options;
        this.writing = options.writeThreads() == 0 || options.writeThreads() >= shares.threads() ? null : new Semaphore(options.writeThreads());
    }

    /**
     * Does all of the work.
     *
     * @return the bytes read in order to compute
     */
    long run() {
        List<Thread> threads = new ArrayList<>();
        try (Owner scratch = Owner.allocate("merge scratch", shares.bytes())) {
            for (int i = 0; i < shares.threads(); i++) {
                MemorySegment mine = scratch.segment().asSlice(i * shares.threadBytes(), shares.threadBytes());
                threads.add(Thread.ofPlatform().name("graft-merge-" + i).start(() -> work(mine)));
            }
            boolean interrupted = false;
            for (Thread thread : threads) interrupted |= join(thread);
            if (interrupted) Thread.currentThread().interrupt();
        }
        switch (failure.get()) {
            case null -> { }
            case RuntimeException error -> throw error;
            case InternalError error -> throw new RunException("an input", "a mapped file changed while it was being read", null, null,
                    "do not write to a model's files while Graft reads them", error);
            case Error error -> throw error;
            case Throwable error -> throw new RunException(null, "the merge failed", error);
        }
        return bytesRead.get();
    }

    /** An interrupt of the caller stops the run; this waits on until the threads, who use the scratch, have ended. */
    private boolean join(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                return interrupted;
            } catch (InterruptedException stop) {
                interrupted = true;
                fail(new RunException("merge", "interrupted", stop));
            }
        }
    }

    private void fail(Throwable error) {
        failure.compareAndSet(null, error);
        tickets.stop();
    }

    private void work(MemorySegment scratch) {
        Pieces pieces = new Pieces(files, shares, scratch);
        try (Cursor cursor = new Cursor()) {
            for (Ticket ticket = tickets.next(); ticket != null; ticket = tickets.next()) {
                if (options.cancellation() != null && options.cancellation().isRequested()) throw new RunException("merge", "stopped on request", null);
                long done = perform(ticket, pieces, cursor);
                if (options.progress() != null && done > 0) options.progress().accept(done);
            }
        } catch (Throwable error) {
            fail(error);
        }
        bytesRead.addAndGet(pieces.bytesRead());
    }

    /** {@return the bytes of the output that this has made} */
    private long perform(Ticket ticket, Pieces pieces, Cursor cursor) throws IOException {
        TensorTask task = ticket.task();
        switch (ticket.kind()) {
            case REDUCE -> {
                task.reduction().reduce((int) ticket.count(), ticket.first(), pieces);
                return 0;
            }
            case WHOLE -> {
                task.reduction().reduceAll(pieces);
                long bytes = 0;
                for (long first = 0; first < task.elements; first += shares.piece()) bytes += compute(task, first, (int) Math.min(shares.piece(), task.elements - first), pieces);
                return bytes;
            }
            case COPY -> {
                var stored = task.inputs.getFirst().tensor().stored().orElseThrow();
                FileChannel to = cursor.at(task.file, task.position + ticket.first());
                writing(() -> files.copy(stored.file(), stored.offset() + ticket.first(), ticket.count(), to, task.file.path(), task.plan.name()));
                return ticket.count();
            }
            default -> {
                return compute(task, ticket.first(), (int) ticket.count(), pieces);
            }
        }
    }

    private long compute(TensorTask task, long first, int count, Pieces pieces) {
        if (task.reduction() != null && !task.reduction().await()) return 0;
        MemorySegment bytes = pieces.compute(task, first, count);
        writing(() -> task.file.write(bytes, task.position + task.plan.dtype().bytes(first)));
        return bytes.byteSize();
    }

    private void writing(Runnable write) {
        if (writing == null) {
            write.run();
            return;
        }
        writing.acquireUninterruptibly();
        try {
            write.run();
        } finally {
            writing.release();
        }
    }

    /** A thread's own position in the output file that it copies to: transferTo writes where a position stands. */
    private static final class Cursor implements AutoCloseable {

        private OutputFile file;
        private FileChannel channel;

        FileChannel at(OutputFile wanted, long position) throws IOException {
            if (file != wanted) {
                close();
                channel = wanted.cursor();
                file = wanted;
            }
            channel.position(position);
            return channel;
        }

        @Override
        public void close() { OutputFile.closeQuietly(channel); }
    }
}
