package io.graft.merge.analysis;

import java.util.Comparator;
import java.util.List;

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

    private static final List<String> FLOW = List.of("q_proj", "k_proj", "v_proj", "qkv_proj", "query", "key", "value", "o_proj", "gate_proj", "up_proj", "gate_up_proj", "down_proj");

    /**
     * Reads a name.
     *
     * @param name a tensor's, as Hugging Face has it
     * @return its place
     */
    public static Place of(String name) {
        String bare = name.endsWith(".weight") && name.length() > 7 ? name.substring(0, name.length() - 7) : name;
        for (int dot = name.indexOf('.'); dot >= 0; ) {
            int next = name.indexOf('.', dot + 1);
            if (next < 0) break;
            int layer = number(name, dot + 1, next);
            if (layer >= 0) return new Place(layer, starred(bare.length() > next ? bare.substring(next + 1) : name.substring(next + 1)));
            dot = next;
        }
        return new Place(OUTSIDE, bare);
    }

    /** The number that these characters write; -1 where they do not. */
    private static int number(String text, int from, int to) {
        if (to - from < 1 || to - from > 6) return -1;
        for (int i = from; i < to; i++) if (text.charAt(i) < '0' || text.charAt(i) > '9') return -1;
        return Integer.parseInt(text, from, to, 10);
    }

    private static String starred(String module) {
        String[] parts = module.split("\\.", -1);
        for (int i = 0; i < parts.length; i++) if (number(parts[i], 0, parts[i].length()) >= 0) parts[i] = "*";
        return String.join(".", parts);
    }

    /**
     * Which part of a layer a module belongs to.
     *
     * @param module of a {@link Place}
     * @return 0 attention, 1 mlp, 2 norm, 3 anything else
     */
    static int group(String module) {
        String last = module.substring(module.lastIndexOf('.') + 1);
        if (module.contains("norm") || last.startsWith("ln_")) return 2;
        if (module.contains("attn") || module.contains("attention")) return 0;
        if (module.contains("mlp") || module.contains("ffn") || module.contains("feed_forward") || module.contains("expert")) return 1;
        return 3;
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
    static String shortName(String module) {
        String last = module;
        for (String prefix : List.of("self_attn.", "attention.", "attn.", "mlp.", "feed_forward.")) if (last.startsWith(prefix)) last = last.substring(prefix.length());
        return last.replace("_proj", "").replace("layernorm", "norm").replace("post_attention", "post attn").replace('_', ' ');
    }
}
