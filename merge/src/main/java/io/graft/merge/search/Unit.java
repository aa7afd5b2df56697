package io.graft.merge.search;

import io.graft.engine.memory.Shape;
import io.graft.engine.model.WeightSource;
import io.graft.merge.plan.LayerName;
import io.graft.merge.plan.Role;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a merge gives one coefficient: attention or feed-forward part of a layer with the norms that belong to it, the embeddings, or the head with the
 * final norm.
 *
 * @param name    such as {@code layers.3.mlp}, {@code embeddings} or {@code lm_head}
 * @param layer   from 0; −1 for the embeddings, the number of layers for the head
 * @param tensors names of its tensors
 * @param filters parts of names that a recipe selects them by, and no other tensor
 */
public record Unit(String name, int layer, List<String> tensors, List<String> filters) {

    /**
     * The units of a model, from the embeddings to the head.
     *
     * @param weights    its tensors
     * @param vocabulary the config's vocab_size
     * @return the units; every tensor is in exactly one
     */
    public static List<Unit> of(WeightSource weights, long vocabulary) {
        Map<String, Draft> drafts = new LinkedHashMap<>();
        boolean sandwich = weights.names().stream().anyMatch(name -> name.contains("feedforward_layernorm"));
        int layers = weights.names().stream().flatMap(name -> LayerName.of(name).stream()).mapToInt(LayerName::layer).max().orElse(-1) + 1;
        for (String name : weights.names()) {
            LayerName at = LayerName.of(name).orElse(null);
            if (at != null) {
                String module = module(at.rest(), sandwich), stack = at.stack().substring(at.stack().lastIndexOf('.') + 1);
                drafts.computeIfAbsent(stack + "." + at.layer() + "." + module, _ -> new Draft(at.layer()))
                        .add(name, stack + "." + at.layer() + "." + at.rest().substring(0, Math.max(0, at.rest().indexOf('.') + 1)));
            } else {
                Shape shape = weights.shape(name);
                boolean embeddings = Role.outside(name, shape, vocabulary) == Role.EMBEDDINGS;
                drafts.computeIfAbsent(embeddings ? "embeddings" : "lm_head", _ -> new Draft(embeddings ? -1 : layers)).add(name, name);
            }
        }
        return drafts.entrySet().stream().map(each -> each.getValue().unit(each.getKey())).sorted(java.util.Comparator.comparingInt(Unit::layer).thenComparing(Unit::name)).toList();
    }

    /** A layer's norms go with what reads or writes through them. */
    private static String module(String rest, boolean sandwich) {
        return switch (Role.inLayer(rest)) {
            case MLP -> "mlp";
            case NORM -> rest.contains("feedforward") || rest.startsWith("post_attention_layernorm") && !sandwich || rest.startsWith("ln_2") ? "mlp" : "attention";
            default -> "attention";
        };
    }

    private record Draft(int layer, List<String> tensors, Set<String> filters) {

        Draft(int layer) { this(layer, new ArrayList<>(), new LinkedHashSet<>()); }

        void add(String tensor, String filter) {
            tensors.add(tensor);
            filters.add(filter);
        }

        Unit unit(String name) { return new Unit(name, layer, List.copyOf(tensors), List.copyOf(filters)); }
    }
}
