package io.graft.merge.experiment;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Makes steps, several at a time, each after those that it needs.
 *
 * <p>A step of a small model cannot fill two cores: its products are too short to be shared out (100 steps of the bilingual
 * world took 11.7 s on one thread and 10.6 s on two, AMD EPYC). Two such steps at a time, one thread each, do.
 *
 * <p>Steps of one {@linkplain Step#subject subject} are made by one thread, one after the other, so that what they ask is
 * opened once.
 */
final class StepWorkers {

    private final List<List<Step>> waiting;
    private final Set<Step> open;
    private final Consumer<Step> make;
    private Throwable failure;

    private StepWorkers(List<Step> todo, Consumer<Step> make) {
        Map<Object, List<Step>> units = new LinkedHashMap<>();
        for (Step step : todo) units.computeIfAbsent(step.subject().isEmpty() ? step : step.subject(), _ -> new ArrayList<>()).add(step);
        this.waiting = new ArrayList<>(units.values());
        this.open = new HashSet<>(todo);
        this.make = make;
    }

    /**
     * Makes steps; the first that are ready come first.
     *
     * @param todo    every step after those of them that it needs
     * @param workers threads, the caller's among them
     * @param make    makes one; must stop soon where another has failed
     * @throws RuntimeException what {@code make} threw first
     */
    static void run(List<Step> todo, int workers, Consumer<Step> make) {
        StepWorkers all = new StepWorkers(todo, make);
        List<Thread> threads = new ArrayList<>();
        for (int i = 1; i < workers; i++) threads.add(Thread.ofPlatform().name("graft-study-" + i).daemon().start(all::work));
        all.work();
        boolean interrupted = false;
        for (Thread thread : threads)
            while (thread.isAlive())
                try {
                    thread.join();
                } catch (InterruptedException _) {
                    interrupted = true; // what is open must be closed by the thread that uses it
                }
        if (interrupted) Thread.currentThread().interrupt();
        switch (all.failure) {
            case null -> { }
            case RuntimeException error -> throw error;
            case Error error -> throw error;
            default -> throw new IllegalStateException(all.failure);
        }
    }

    private void work() {
        for (List<Step> unit = next(); unit != null; unit = next())
            try {
                for (Step step : unit) {
                    make.accept(step);
                    done(step);
                }
            } catch (Throwable error) {
                failed(error);
            }
    }

    /** Steps whose needs are done; null where no more come. Waits for others where all that is left needs them. */
    private synchronized List<Step> next() {
        while (failure == null && !waiting.isEmpty()) {
            for (List<Step> unit : waiting)
                if (unit.stream().allMatch(step -> step.needs().stream().noneMatch(open::contains))) {
                    waiting.remove(unit);
                    return unit;
                }
            try {
                wait();
            } catch (InterruptedException interrupt) {
                failed(new IllegalStateException("interrupted", interrupt));
            }
        }
        return null;
    }

    private synchronized void done(Step step) {
        open.remove(step);
        notifyAll();
    }

    private synchronized void failed(Throwable error) {
        if (failure == null) failure = error; // what follows from others is most often that they were told to stop
        notifyAll();
    }
}
