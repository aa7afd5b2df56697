package io.graft.merge.train;

import io.graft.engine.RequestException;
import io.graft.merge.plan.LayerName;
import io.graft.merge.plan.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.regex.Pattern;

/** Which weights are trained, before a model is known. */
public sealed interface Selection {

    /** All of them. */
    record All() implements Selection {}

    /**
     * Those whose whole name matches one of some patterns.
     *
     * @param patterns regular expressions
     */
    record Named(List<Pattern> patterns) implements Selection {}

    /**
     * Those that stand at some places.
     *
     * @param layers     numbers; null for all layers
     * @param modules    attention, mlp and norm, or some of them
     * @param embeddings whether the embedding; of a tied model the head too
     * @param finalNorm  whether the norm after the last layer
     * @param lmHead     whether the head; of a tied model the embedding too
     */
    record Placed(SortedSet<Integer> layers, Set<Role> modules, boolean embeddings, boolean finalNorm, boolean lmHead) implements Selection {}

    /**
     * The names that are selected out of a model's.
     *
     * @param where  what errors call it
     * @param names  the model's weights, in order
     * @param layers how many layers it has
     * @return those selected, in the same order
     * @throws RequestException if a pattern matches none, a layer is not there, or nothing is selected
     */
    default List<String> of(String where, List<String> names, int layers) {
        List<String> chosen = switch (this) {
            case All _ -> names;
            case Named named -> named(where, named, names);
            case Placed placed -> placed(where, placed, names, layers);
        };
        if (chosen.isEmpty()) throw new RequestException(where, "nothing is trained", "a selection of one weight or more", "none");
        return List.copyOf(chosen);
    }

    private static List<String> named(String where, Named named, List<String> names) {
        for (Pattern pattern : named.patterns)
            if (names.stream().noneMatch(name -> pattern.matcher(name).matches()))
                throw new RequestException(where, "'" + pattern + "' matches no weight of the model", "a pattern of whole names, such as model\\.layers\\.0\\..*", pattern,
                        names.isEmpty() ? null : "the model has " + names.getFirst() + " and " + (names.size() - 1) + " more");
        return names.stream().filter(name -> named.patterns.stream().anyMatch(pattern -> pattern.matcher(name).matches())).toList();
    }

    private static List<String> placed(String where, Placed placed, List<String> names, int layers) {
        if (placed.layers != null && !placed.layers.isEmpty() && placed.layers.last() >= layers)
            throw new RequestException(where, "the model has no layer " + placed.layers.last(), "0-" + (layers - 1), placed.layers.last());
        boolean tied = !names.contains("lm_head.weight");
        List<String> chosen = new ArrayList<>();
        for (String name : names) {
            boolean in = LayerName.of(name).map(parts -> (placed.layers == null || placed.layers.contains(parts.layer())) && placed.modules.contains(Role.inLayer(parts.rest())))
                    .orElseGet(() -> switch (name) {
                        case "model.embed_tokens.weight" -> placed.embeddings || tied && placed.lmHead;
                        case "model.norm.weight" -> placed.finalNorm;
                        case "lm_head.weight" -> placed.lmHead;
                        default -> false;
                    });
            if (in) chosen.add(name);
        }
        return chosen;
    }
}
