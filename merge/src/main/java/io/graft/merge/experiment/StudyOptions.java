package io.graft.merge.experiment;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How a study is run. Threads, kernels and the place of the cache change no result; fraction, seeds and base do.
 *
 * @param cache    the folder of finished steps
 * @param noCache  whether all steps are made anew
 * @param fraction of the steps of every training and of the questions of every evaluation, over 0, at most 1
 * @param seeds    instead of the study's; empty for those
 * @param base     instead of the study's base, if it names a model
 * @param threads  that compute
 * @param kernels  scalar or vector; null for the best there are
 * @param dryRun   whether it is only planned: a base that is missing is then taken by its config, where the study has that
 */
public record StudyOptions(Path cache, boolean noCache, double fraction, List<Long> seeds, Optional<String> base, int threads, String kernels, boolean dryRun) {

    /**
     * Options of a run.
     *
     * @param cache    the folder of finished steps
     * @param noCache  whether all steps are made anew
     * @param fraction of the steps of every training and of the questions of every evaluation
     * @param seeds    instead of the study's; empty for those
     * @param base     instead of the study's base
     * @param threads  that compute
     * @param kernels  scalar or vector; null for the best there are
     */
    public StudyOptions(Path cache, boolean noCache, double fraction, List<Long> seeds, Optional<String> base, int threads, String kernels) { this(cache, noCache, fraction, seeds, base, threads, kernels, false); }
}
