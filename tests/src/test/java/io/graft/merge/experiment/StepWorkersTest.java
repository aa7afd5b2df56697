package io.graft.merge.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StepWorkersTest {

    private static Step step(String id, String subject, Step... needs) {
        return new Step(id, Step.Kind.DATA, id, List.of(needs), Cost.SMALL, subject, (_, _) -> { });
    }

    @Test
    void everyStepIsMadeOnceAndAfterThoseThatItNeeds() {
        SplittableRandom random = new SplittableRandom(3);
        for (int round = 0; round < 50; round++) {
            List<Step> todo = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                Set<Step> needs = new HashSet<>();
                for (int k = 0; k < 2 && i > 0; k++) needs.add(todo.get(random.nextInt(i)));
                todo.add(step("step " + i, "", needs.toArray(Step[]::new)));
            }
            List<Step> made = Collections.synchronizedList(new ArrayList<>());
            Set<Step> done = ConcurrentHashMap.newKeySet();
            StepWorkers.run(todo, 1 + random.nextInt(4), step -> {
                assertTrue(done.containsAll(step.needs()), step.id());
                made.add(step);
                done.add(step);
            });
            assertEquals(40, made.size());
            assertEquals(Set.copyOf(todo), Set.copyOf(made));
        }
    }

    @Test
    void stepsThatNeedNothingOfEachOtherAreMadeAtTheSameTime() {
        CyclicBarrier both = new CyclicBarrier(2); // one alone would wait here until its time is up
        StepWorkers.run(List.of(step("a", ""), step("b", "")), 2, _ -> {
            try {
                both.await(60, TimeUnit.SECONDS);
            } catch (Exception alone) {
                throw new IllegalStateException(alone);
            }
        });
        assertEquals(0, both.getNumberWaiting());
    }

    @Test
    void stepsOfOneSubjectAreMadeInTheirOrderByOneThread() {
        List<Step> todo = new ArrayList<>();
        for (int question = 0; question < 5; question++)
            for (String model : List.of("a", "b", "c")) todo.add(step(model + question, model));
        Map<String, List<String>> made = new ConcurrentHashMap<>();
        Map<String, Set<Thread>> threads = new ConcurrentHashMap<>();
        StepWorkers.run(todo, 3, step -> {
            made.computeIfAbsent(step.subject(), _ -> new ArrayList<>()).add(step.id());
            threads.computeIfAbsent(step.subject(), _ -> ConcurrentHashMap.newKeySet()).add(Thread.currentThread());
        });
        for (String model : List.of("a", "b", "c")) {
            assertEquals(List.of(model + 0, model + 1, model + 2, model + 3, model + 4), made.get(model));
            assertEquals(1, threads.get(model).size());
        }
    }

    @Test
    void afterAFailureNothingBeginsAndTheFailureIsWhatTheCallerGets() {
        IllegalStateException wrong = new IllegalStateException("no");
        Step first = step("first", "");
        List<Step> made = Collections.synchronizedList(new ArrayList<>());
        assertSame(wrong, assertThrows(IllegalStateException.class, () -> StepWorkers.run(List.of(first, step("second", "", first), step("third", "", first)), 2, step -> {
            made.add(step);
            throw wrong;
        })));
        assertEquals(List.of(first), made);
    }
}
