package io.graft.merge.search;

import io.graft.engine.train.TrainBatch;
import io.graft.formats.examples.Example;
import java.util.ArrayList;
import java.util.List;

/**
 * Texts that show the two abilities.
 *
 * @param math     of the task
 * @param language of the language
 */
public record Calibration(List<Example> math, List<Example> language) {

    /** Tokens of a batch: enough to be bound by arithmetic. */
    private static final int TOKENS = 2048;

    /**
     * Texts as batches.
     *
     * @param examples the texts
     * @return batches of about 2048 tokens
     */
    public static List<TrainBatch> batches(List<Example> examples) {
        List<TrainBatch> batches = new ArrayList<>();
        TrainBatch open = null;
        for (Example each : examples) {
            if (open == null || open.rows() + each.ids().length > TOKENS) batches.add(open = new TrainBatch());
            open.add(each.ids(), each.labels());
        }
        return batches;
    }
}
