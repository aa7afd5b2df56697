package io.graft.merge.eval;

import java.nio.file.Path;

/**
 * Where tasks find their data, and which examples stand before a question.
 *
 * @param dataRoot folder of the public data sets
 * @param shots    how many examples; -1 for as many as the task says
 * @param sampled  whether examples are drawn as lm-evaluation-harness draws them, by its seed 1234 and the same for every
 *                 question; else they are the first ones
 */
public record TaskSettings(Path dataRoot, int shots, boolean sampled) {

    /**
     * A task's own number of examples, the first ones.
     *
     * @param dataRoot folder of the public data sets
     * @return the settings
     */
    public static TaskSettings of(Path dataRoot) { return new TaskSettings(dataRoot, -1, false); }

    /**
     * The folder of data sets where nobody names one.
     *
     * @return {@code data} in the folder that the environment variable {@code GRAFT_SHARED} names, else {@code ../shared/data}
     */
    public static Path defaultDataRoot() {
        String shared = System.getenv("GRAFT_SHARED");
        return Path.of(shared == null || shared.isEmpty() ? "../shared" : shared, "data");
    }

    /** Which of so many examples, in their order. */
    int[] choose(int there, int otherwise) {
        int count = shots < 0 ? otherwise : shots;
        if (sampled) return new PythonRandom(1234).sample(there, Math.min(count, there));
        int[] first = new int[Math.min(count, there)];
        for (int i = 0; i < first.length; i++) first[i] = i;
        return first;
    }
}
