package io.graft.merge.analysis;

import io.graft.merge.plan.LayerName;
import io.graft.merge.plan.Role;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Where a tensor stands in a model: its layer, and its module in that layer. The layer is the first {@code .N.} of the
 * name. Numbers after it (experts of a mixture) become {@code *}, so that 64 experts are one module.
 *
 * @param layer  from 0; {@link #OUTSIDE} for what is in no layer
 * @param module such as {@code self_attn.q_proj}; outside the layers the whole name; both without {@code .weight}
 */
public record Place(int layer, String module) {

    /** The layer of what is in no layer: embeddings, final norm, head. */
    public static final int OUTSIDE = -1;

    /** Attention, then mlp, then norms, as data flows; a module that is none of these comes last, by name. */
    static final Comparator<String> MODULES = Comparator.<String>comparingInt(Place::group).thenComparingInt(Place::rank).thenComparing(Comparator.naturalOrder());

    /** A whole part of a name that is a number. */
    private static final Pattern NUMBER = Pattern.compile("(?<=^|\\.)[0-9]+(?=\\.|$)");
    private static final List<String> FLOW = List.of("q_proj", "k_proj", "v_proj", "qkv_proj", "query", "key", "value", "o_proj", "gate_proj", "up_proj", "gate_up_proj", "down_proj");

    /** {@return the order of modules as data flows} */
    public static Comparator<String> order() { return MODULES; }

    /**
     * Reads a name.
     *
     * @param name a tensor's, as Hugging Face has it
     * @return its place
     */
    public static Place of(String name) {
        return LayerName.of(name).map(parts -> new Place(parts.layer(), starred(bare(parts.rest())))).orElseGet(() -> new Place(OUTSIDE, bare(name)));
    }

    private static String bare(String name) { return name.endsWith(".weight") && name.length() > 7 ? name.substring(0, name.length() - 7) : name; }

    private static String starred(String module) { return NUMBER.matcher(module).replaceAll("*"); }

    /**
     * Which part of a layer a module belongs to.
     *
     * @param module of a {@link Place}
     * @return 0 attention, 1 mlp, 2 norm, 3 anything else
     */
    static int group(String module) {
        return switch (Role.inLayer(module)) {
            case ATTENTION -> 0;
            case MLP -> 1;
            case NORM -> 2;
            default -> 3;
        };
    }

    private static int rank(String module) {
        for (int i = 0; i < FLOW.size(); i++) if (module.contains(FLOW.get(i))) return i;
        return FLOW.size();
    }

    /**
     * A column's head.
     *
     * @param module of a {@link Place}
     * @return a short name, such as {@code q} or {@code input norm}
     */
    public static String shortName(String module) {
        String last = module;
        for (String prefix : List.of("self_attn.", "attention.", "attn.", "mlp.", "feed_forward.")) if (last.startsWith(prefix)) last = last.substring(prefix.length());
        return last.replace("_proj", "").replace("layernorm", "norm").replace("post_attention", "post attn").replace('_', ' ');
    }
}
