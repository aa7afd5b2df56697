package io.graft.merge.plan;

import java.util.Optional;

/**
 * A tensor's name taken apart at its layer, which is the first {@code .N.} in it, whatever the architecture.
 *
 * @param stack what stands before the number, such as {@code model.layers}: a model may have several stacks of layers
 * @param layer the number, from 0
 * @param rest  what stands after it, such as {@code self_attn.q_proj.weight}
 */
public record LayerName(String stack, int layer, String rest) {

    /**
     * Takes a name apart.
     *
     * @param name a tensor's
     * @return its parts; empty if it has no {@code .N.}
     */
    public static Optional<LayerName> of(String name) {
        int dot = name.indexOf('.');
        while (dot >= 0) {
            int next = name.indexOf('.', dot + 1);
            if (next < 0) return Optional.empty();
            if (isNumber(name, dot + 1, next)) return Optional.of(new LayerName(name.substring(0, dot), Integer.parseInt(name, dot + 1, next, 10), name.substring(next + 1)));
            dot = next;
        }
        return Optional.empty();
    }

    /** {@return the name of the same tensor in another layer} */
    String in(int other) { return stack + "." + other + "." + rest; }

    private static boolean isNumber(String text, int from, int to) {
        if (to == from || to - from > 6) return false;
        for (int i = from; i < to; i++) if (text.charAt(i) < '0' || text.charAt(i) > '9') return false;
        return true;
    }
}
