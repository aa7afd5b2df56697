package io.graft.tests;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/** Says at the end of a run how many tests passed, how many fixtures ran, and why what was skipped was skipped: a line each, one for all golden data that is not here. */
public final class Summary implements TestExecutionListener {

    private final AtomicInteger passed = new AtomicInteger(), failed = new AtomicInteger(), skipped = new AtomicInteger();
    private final Map<String, Integer> reasons = new TreeMap<>(), absent = new TreeMap<>();

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        if (test.isTest()) skip(reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() == TestExecutionResult.Status.FAILED) failed.incrementAndGet();
        else if (result.getStatus() == TestExecutionResult.Status.ABORTED) skip(result.getThrowable().map(Throwable::getMessage).orElse("no reason given"));
        else if (test.isTest()) passed.incrementAndGet();
    }

    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
        String run = System.getProperty("graft.run", "tests");
        StringBuilder text = new StringBuilder();
        if (!absent.isEmpty()) {
            int all = absent.values().stream().mapToInt(Integer::intValue).sum();
            text.append(run).append(": skipped ").append(all).append(" x golden data that is not here (").append(String.join(", ", absent.keySet())).append("); set GRAFT_SHARED to its folder\n");
        }
        reasons.forEach((reason, times) -> text.append(run).append(": skipped ").append(times).append(" x ").append(reason).append('\n'));
        text.append(run).append(": ").append(passed).append(" passed, ").append(failed).append(" failed, ").append(skipped).append(" skipped\n");
        text.append("fixtures: ").append(Fixtures.ran()).append(" ran, ").append(Fixtures.skipped()).append(" skipped\n");
        System.out.print(text);
    }

    private synchronized void skip(String reason) {
        skipped.incrementAndGet();
        Matcher golden = Fixtures.ABSENT.matcher(reason);
        if (golden.lookingAt()) absent.merge(golden.group(1), 1, Integer::sum);
        else reasons.merge(reason.lines().findFirst().orElse(""), 1, Integer::sum);
    }
}
