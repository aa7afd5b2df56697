package io.graft.merge.cli;

import io.graft.merge.experiment.StudyResult;
import io.graft.merge.experiment.StudyText;

/** later */
final class ExperimentPage {
    private ExperimentPage() {}

    static String of(StudyResult result) { return "<pre>" + StudyText.markdown(result) + "</pre>"; }
}
