package io.graft.merge.yaml;

import io.graft.engine.RequestException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is wrong with a request, collected, so that one run tells all of it. The first becomes the exception, the others its
 * {@linkplain Throwable#getSuppressed suppressed} ones, which the command line prints on lines of their own.
 */
public final class Problems {

    /** More than these are the same mistake seen many times. */
    private static final int SHOWN = 20;

    private final Map<String, RequestException> found = new LinkedHashMap<>();
    private final List<String> warnings = new ArrayList<>();

    /** None yet. */
    public Problems() {}

    /**
     * Adds a problem; one with the same words is added once.
     *
     * @param problem where, what, expected, found
     */
    public void add(RequestException problem) { found.putIfAbsent(problem.getMessage(), problem); }

    /**
     * Adds a problem.
     *
     * @param where its place
     * @param what  what is wrong
     */
    public void add(Mark where, String what) { add(new RequestException(where.toString(), what)); }

    /**
     * Adds a problem.
     *
     * @param where    its place
     * @param what     what is wrong
     * @param expected what would be right; null for nothing to say
     * @param found    what stands there
     */
    public void add(Mark where, String what, Object expected, Object found) { add(new RequestException(where.toString(), what, expected, found)); }

    /**
     * Adds a problem with a hint.
     *
     * @param where    its place
     * @param what     what is wrong
     * @param expected what would be right; null for nothing to say
     * @param found    what stands there; null for nothing to say
     * @param hint     what to do; null for none
     */
    public void add(Mark where, String what, Object expected, Object found, String hint) {
        add(new RequestException(where.toString(), what, expected, found, hint));
    }

    /**
     * Adds what the user should know though nothing fails; the same words once.
     *
     * @param warning one line
     */
    public void warn(String warning) {
        if (!warnings.contains(warning)) warnings.add(warning);
    }

    /** {@return whether nothing is wrong so far} */
    public boolean isEmpty() { return found.isEmpty(); }

    /** {@return the warnings so far, in order} */
    public List<String> warnings() { return List.copyOf(warnings); }

    /** Throws the problems as one exception, if there are any. */
    public void throwIfAny() {
        if (found.isEmpty()) return;
        List<RequestException> all = List.copyOf(found.values());
        RequestException first = all.getFirst();
        for (int i = 1; i < Math.min(all.size(), SHOWN); i++) first.addSuppressed(all.get(i));
        if (all.size() > SHOWN) first.addSuppressed(new RequestException(null, (all.size() - SHOWN) + " more problems of this kind"));
        throw first;
    }
}
