package io.graft.merge.eval;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Which questions remain of a task that is asked in part. */
final class Parts {

    private Parts() {}

    /** Of each group the first {@code limit}, 0 for all; of those a share, evenly spread, at least one a group. */
    static <T> List<T> of(List<T> all, Function<T, String> group, int limit, double fraction) {
        Map<String, Integer> seen = new HashMap<>();
        List<T> kept = new ArrayList<>();
        for (T each : all) {
            int at = seen.merge(String.valueOf(group.apply(each)), 1, Integer::sum) - 1;
            if ((limit == 0 || at < limit) && Math.ceil((at + 1) * fraction) > Math.ceil(at * fraction)) kept.add(each);
        }
        return kept;
    }
}
