package io.graft.formats.chat;

import java.util.List;

/** The variable {@code loop}. */
final class Loop {

    private final List<?> items;
    private final int depth;
    int at;
    private List<Object> seen;

    Loop(List<?> items, Object outer) {
        this.items = items;
        depth = outer instanceof Loop loop ? loop.depth + 1 : 1;
    }

    /** A field, or {@link Values#UNDEFINED} for what there is none of. */
    Object field(String name) {
        int size = items.size();
        return switch (name) {
            case "index" -> at + 1L;
            case "index0" -> (long) at;
            case "revindex" -> (long) (size - at);
            case "revindex0" -> size - at - 1L;
            case "first" -> at == 0;
            case "last" -> at == size - 1;
            case "length" -> (long) size;
            case "depth" -> (long) depth;
            case "depth0" -> depth - 1L;
            case "previtem" -> at > 0 ? items.get(at - 1) : Values.UNDEFINED;
            case "nextitem" -> at + 1 < size ? items.get(at + 1) : Values.UNDEFINED;
            case "cycle" -> (Values.Callable) (arguments, _) -> arguments.get(at % arguments.size());
            case "changed" -> (Values.Callable) (arguments, _) -> {
                boolean changed = !arguments.equals(seen);
                seen = arguments;
                return changed;
            };
            default -> Values.UNDEFINED;
        };
    }
}
