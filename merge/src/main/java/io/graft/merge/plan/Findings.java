package io.graft.merge.plan;

import io.graft.engine.RequestException;
import io.graft.merge.yaml.Problems;
import java.util.LinkedHashMap;
import java.util.Map;

/** Problems of a kind that comes once a tensor: the first is told, the others are counted. */
final class Findings {

    private record Kind(String where, String what, Object expected, Object found, String hint, int[] count) {}

    final Problems problems = new Problems();
    private final Map<String, Kind> kinds = new LinkedHashMap<>();

    /** A problem of a tensor; {@code kind} is what makes two of them the same mistake. */
    void add(String kind, String where, String what, Object expected, Object found, String hint) {
        kinds.computeIfAbsent(kind, _ -> new Kind(where, what, expected, found, hint, new int[1])).count[0]++;
    }

    void add(RequestException problem) { problems.add(problem); }

    void warn(String warning) { problems.warn(warning); }

    boolean isEmpty() { return kinds.isEmpty() && problems.isEmpty(); }

    void throwIfAny() {
        for (Kind kind : kinds.values()) {
            String more = kind.count[0] == 1 ? "" : " (and " + (kind.count[0] - 1) + " more tensor" + (kind.count[0] == 2 ? "" : "s") + ")";
            problems.add(new RequestException(kind.where, kind.what + more, kind.expected, kind.found, kind.hint));
        }
        kinds.clear();
        problems.throwIfAny();
    }
}
