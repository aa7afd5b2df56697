package io.graft.merge.cli;

import io.graft.merge.experiment.Method;
import io.graft.merge.experiment.StudyResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Methods by evaluations, for a terminal. */
final class ExperimentTable {

    private ExperimentTable() {}

    /**
     * A table.
     *
     * @param result  what came out
     * @param methods the rows
     * @return it
     */
    static Table of(StudyResult result, List<Method> methods) {
        List<String> heads = new ArrayList<>(List.of("method"));
        for (StudyResult.Question each : result.evaluations()) heads.add(">" + each.name());
        Table table = new Table(heads.toArray(String[]::new));
        for (Method method : methods) {
            List<String> cells = new ArrayList<>(List.of(method.name() + (method.control() ? " *" : "")));
            for (StudyResult.Question each : result.evaluations()) {
                double mean = result.mean(method, each.name());
                cells.add(Double.isNaN(mean) ? "-" : String.format(Locale.ROOT, "%.1f", 100 * mean));
            }
            table.row(cells.toArray(String[]::new));
        }
        return table;
    }
}
