package io.graft.engine.kernel.backward;

import java.util.function.IntConsumer;

/** Runs the parts of an operation, on as many threads as it has; parts write to disjoint places. */
@FunctionalInterface
interface Region {

    /**
     * Runs parts 0 to {@code parts - 1} and returns when all are done.
     *
     * @param parts how many
     * @param part  what each does
     */
    void run(int parts, IntConsumer part);
}
