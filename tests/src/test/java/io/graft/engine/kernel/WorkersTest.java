package io.graft.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkersTest {

    @Test
    void everyTaskRunsOnceInEveryRegion() {
        try (Workers workers = new Workers(3)) {
            assertEquals(3, workers.threads());
            for (int region = 0; region < 2000; region++) {
                int tasks = region % 17;
                AtomicIntegerArray runs = new AtomicIntegerArray(17);
                workers.run(tasks, (task, worker) -> {
                    assertTrue(worker >= 0 && worker < 3);
                    runs.incrementAndGet(task);
                });
                for (int task = 0; task < 17; task++) assertEquals(task < tasks ? 1 : 0, runs.get(task));
            }
        }
    }

    @Test
    void workersWakeAfterTheyHaveParked() throws InterruptedException {
        try (Workers workers = new Workers(2)) {
            for (int round = 0; round < 20; round++) {
                Thread.sleep(2);
                Thread caller = Thread.currentThread();
                AtomicBoolean other = new AtomicBoolean();
                workers.run(2, (task, worker) -> {
                    if (Thread.currentThread() != caller) other.set(true);
                    else for (long start = System.nanoTime(); !other.get() && System.nanoTime() - start < 5_000_000_000L;) Thread.onSpinWait();
                });
                assertTrue(other.get());
            }
        }
    }

    @Test
    void whatATaskThrowsIsThrownToTheCallerAndTheNextRegionRuns() {
        try (Workers workers = new Workers(2)) {
            RuntimeException mine = new RuntimeException("mine");
            for (int round = 0; round < 100; round++) {
                int guilty = round % 10;
                assertSame(mine, assertThrows(RuntimeException.class, () -> workers.run(10, (task, worker) -> {
                    if (task == guilty) throw mine;
                })));
                AtomicIntegerArray runs = new AtomicIntegerArray(10);
                workers.run(10, (task, worker) -> runs.incrementAndGet(task));
                for (int task = 0; task < 10; task++) assertEquals(1, runs.get(task));
            }
        }
    }

    @Test
    void noThreadOutlivesItsOwner() {
        long before = threads();
        Workers workers = new Workers(4);
        assertEquals(before + 3, threads());
        workers.run(8, (task, worker) -> {});
        workers.close();
        workers.close();
        assertEquals(before, threads());
        assertThrows(IllegalStateException.class, () -> workers.run(1, (task, worker) -> {}));
    }

    private static long threads() { return Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().startsWith("graft-worker-")).count(); }

    @Test
    void aTaskMayNotStartARegion() {
        try (Workers workers = new Workers(1)) {
            assertThrows(IllegalStateException.class, () -> workers.run(1, (task, worker) -> workers.run(1, (t, w) -> {})));
        }
    }
}
