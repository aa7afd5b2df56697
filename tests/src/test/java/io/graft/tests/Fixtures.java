package io.graft.tests;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

/**
 * Finds golden data: the folder that {@code GRAFT_SHARED} names (default {@code ../shared} beside the repository), else the
 * subset committed under {@code tests/src/test/resources/shared}. Counts what was found and what was not.
 */
public final class Fixtures {

    /** How a reason for skipping begins where golden data is not there; its group is the folder, such as {@code fixtures/lora}. */
    static final Pattern ABSENT = Pattern.compile("(?:[\\w.]+: )?no ([\\w-]+(?:/[\\w-]+)?).* \\(set GRAFT_SHARED", Pattern.DOTALL);

    private static final AtomicInteger RAN = new AtomicInteger(), SKIPPED = new AtomicInteger();

    private Fixtures() {}

    /** {@return the top of the repository} */
    public static Path repository() {
        Path here = Path.of("").toAbsolutePath();
        while (here != null && !Files.isDirectory(here.resolve("formats"))) here = here.getParent();
        if (here == null) throw new IllegalStateException("run the tests inside the repository");
        return here;
    }

    /** {@return the shared folder, whether it exists or not} */
    public static Path shared() {
        String named = System.getenv("GRAFT_SHARED");
        return named != null && !named.isEmpty() ? Path.of(named) : repository().resolveSibling("shared");
    }

    /** {@return the committed subset} */
    public static Path committed() { return repository().resolve("tests/src/test/resources/shared"); }

    /**
     * A file or folder of the golden data; skips the test with one line where it is nowhere.
     *
     * @param relative its path below the shared folder, such as {@code fixtures/merge/manifest.json}
     * @return where it is
     */
    public static Path require(String relative) { return requireAll(relative); }

    /**
     * A folder of the golden data that has all that a test needs; skips the test with one line where none has.
     *
     * @param relative its path below the shared folder
     * @param needs    paths below it that must be there: the committed subset has a part of most folders
     * @return where it is
     */
    public static Path requireAll(String relative, String... needs) {
        for (Path root : new Path[] {shared(), committed()}) {
            Path path = root.resolve(relative);
            if (Files.exists(path) && Arrays.stream(needs).allMatch(need -> Files.exists(path.resolve(need)))) {
                RAN.incrementAndGet();
                return path;
            }
        }
        SKIPPED.incrementAndGet();
        Assumptions.abort("no " + relative + (needs.length == 0 ? "" : " with " + String.join(", ", needs)) + " (set GRAFT_SHARED to the folder of golden data)");
        throw new AssertionError("unreachable");
    }

    /**
     * The same out of the committed subset, which must be there.
     *
     * @param relative its path below the shared folder
     * @return where it is
     */
    public static Path requireCommitted(String relative) {
        Path path = committed().resolve(relative);
        if (!Files.exists(path)) throw new AssertionError("the committed golden data lacks " + relative);
        RAN.incrementAndGet();
        return path;
    }

    /** {@return how many were found so far in this JVM} */
    public static int ran() { return RAN.get(); }

    /** {@return how many were nowhere so far in this JVM} */
    public static int skipped() { return SKIPPED.get(); }
}
