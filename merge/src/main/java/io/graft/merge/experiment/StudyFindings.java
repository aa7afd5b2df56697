package io.graft.merge.experiment;

import java.util.List;

/** The tests of a study, in words. */
public final class StudyFindings {

    /**
     * A test between two methods.
     *
     * @param evaluation on what
     * @param method     of which it is asked whether it differs
     * @param reference  from which
     * @param difference in points of the mean accuracy
     * @param interval   its bootstrap interval at 95 %
     * @param counts     questions on which the method, and on which the reference is better
     * @param p          of McNemar's exact test alone
     * @param holm       adjusted for all tests of the evaluation
     * @param stands     whether that is below 5 %
     */
    public record Row(String evaluation, String method, String reference, String difference, String interval, String counts, String p, String holm, boolean stands) {}

    private StudyFindings() {}

    /**
     * All tests.
     *
     * @param result what came out
     * @return evaluation by evaluation
     */
    public static List<Row> of(StudyResult result) {
        return Comparisons.of(result).stream().map(t -> new Row(t.evaluation(), t.method().name(), t.reference().name(), StudyText.signed(t.difference()), StudyText.signed(t.interval().low()) + " to " + StudyText.signed(t.interval().high()),
                t.better() + " : " + t.worse(), StudyText.p(t.p()), StudyText.p(t.holm()), t.stands())).toList();
    }

    /**
     * How they are to be read.
     *
     * @param result what came out
     * @return a paragraph
     */
    public static String note(StudyResult result) { return StudyText.comparisonsNote(result, Comparisons.of(result)); }
}
