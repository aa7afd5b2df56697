package io.graft.engine.kernel.host;

import io.graft.engine.RunException;
import io.graft.engine.kernel.Workers;
import io.graft.engine.memory.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What one operation uses while it runs: its operands, held from {@link #enter} to {@link #leave}, workers and scratch. One
 * operation at a time; the parameters of all of them live in fields, so that a decoding step leaves no garbage.
 */
final class Region implements AutoCloseable {

    /** Elements that are worth a task: less is done before another thread wakes up. */
    static final int TASK_ELEMENTS = 16_384;

    final Arithmetic math;
    final Workers workers;
    /** One a worker. */
    final Scratch[] own;
    /** Read by all workers: packed operands, widened gains, logits. */
    final Scratch packed, gains, logits;
    final Operand a = new Operand(), b = new Operand(), c = new Operand(), d = new Operand();
    /** Further operands of the backward pass. */
    final Operand e = new Operand(), f = new Operand(), g = new Operand(), h = new Operand();
    private final ReentrantLock lock = new ReentrantLock();

    Region(Arithmetic math, int threads) {
        this.math = math;
        workers = new Workers(threads);
        own = new Scratch[threads];
        for (int i = 0; i < threads; i++) own[i] = new Scratch("scratch of worker " + i, math.raw());
        packed = new Scratch("packed operand", math.raw());
        gains = new Scratch("widened gains", math.raw());
        logits = new Scratch("logits", math.raw());
    }

    /** Acquires all operands or none; any may be null. */
    void enter(Tensor first, Tensor second, Tensor third, Tensor fourth) { enter(first, second, third, fourth, null, null, null, null); }

    /** Acquires all operands or none; any may be null. */
    void enter(Tensor first, Tensor second, Tensor third, Tensor fourth, Tensor fifth, Tensor sixth, Tensor seventh, Tensor eighth) {
        lock.lock();
        boolean entered = false;
        try {
            a.take(first, math.raw());
            b.take(second, math.raw());
            c.take(third, math.raw());
            d.take(fourth, math.raw());
            e.take(fifth, math.raw());
            f.take(sixth, math.raw());
            g.take(seventh, math.raw());
            h.take(eighth, math.raw());
            entered = true;
        } finally {
            if (!entered) leave();
        }
    }

    void leave() {
        a.release();
        b.release();
        c.release();
        d.release();
        e.release();
        f.release();
        g.release();
        h.release();
        lock.unlock();
    }

    /** {@return the error of a mapped operand that was truncated, which is what an InternalError under a kernel means} */
    RuntimeException explain(InternalError error) {
        Operand suspect = null;
        for (Operand operand : new Operand[] {a, b, c, d}) {
            if (operand.tensor == null || !operand.tensor.isMapped()) continue;
            if (suspect == null || isShort(operand.tensor)) suspect = operand;
        }
        return suspect == null ? new RunException("kernels", "the JVM reported a fault", error) : suspect.tensor.owner().truncated(error);
    }

    private static boolean isShort(Tensor tensor) {
        try {
            return Files.size(Path.of(tensor.owner().name())) < tensor.offset() + tensor.bytes();
        } catch (IOException gone) {
            return true;
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            workers.close();
            for (Scratch scratch : own) scratch.close();
            packed.close();
            gains.close();
            logits.close();
        } finally {
            lock.unlock();
        }
    }
}
