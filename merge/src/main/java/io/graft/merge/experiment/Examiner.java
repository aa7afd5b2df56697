package io.graft.merge.experiment;

import com.google.gson.JsonObject;
import io.graft.formats.model.ModelSource;
import io.graft.merge.yaml.Problems;
import java.nio.file.Path;
import java.util.function.Supplier;

/** How a study evaluates. */
interface Examiner extends AutoCloseable {

    /**
     * An evaluation that is ready to be asked.
     *
     * @param evaluation as the study has it
     * @param key        hash of its questions, rules and settings
     * @param questions  how many
     * @param tokens     of a question, about
     * @param newTokens  of an answer, about
     * @param rules      what is asked and how it is judged, for the report
     */
    record Exam(Study.Evaluation evaluation, String key, int questions, int tokens, int newTokens, JsonObject rules, Object ready) {}

    /**
     * Prepares an evaluation.
     *
     * @param evaluation as the study has it
     * @param study      whose data root counts
     * @param fraction   of its questions
     * @param problems   receives what is wrong
     * @return it; null where problems say why not
     */
    Exam prepare(Study.Evaluation evaluation, Study study, double fraction, Problems problems);

    /**
     * Asks a model; leaves {@code result.json} (an {@link Outcome}) and {@code samples.jsonl} in a folder.
     *
     * @param label    names the model: as long as it stays the same, the model that is open is asked on
     * @param model    opens it
     * @param exam     what to ask
     * @param folder   where
     * @param threads  that compute
     * @param progress told shares
     */
    void examine(String label, Supplier<ModelSource> model, Exam exam, Path folder, int threads, Step.Progress progress);

    /** Frees what it holds. */
    @Override
    void close();
}
