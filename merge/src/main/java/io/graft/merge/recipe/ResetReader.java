package io.graft.merge.recipe;

import io.graft.merge.recipe.LayerSwap.Module;
import io.graft.merge.recipe.Reset.NonLayer;
import io.graft.merge.yaml.LayerRanges;
import io.graft.merge.yaml.Mark;
import io.graft.merge.yaml.YamlValue;
import io.graft.merge.yaml.YamlValue.Entry;
import io.graft.merge.yaml.YamlValue.Items;
import io.graft.merge.yaml.YamlValue.Table;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** Reads the keys of {@code reset}. */
final class ResetReader {

    /** Its own keys, beside those that every recipe has. */
    static final List<String> KEYS = List.of("expert", "layers", "modules", "non_layer", "keep_fraction", "scope");

    private final RecipeBinder bind;
    private final Table top;

    ResetReader(RecipeBinder bind, Table top) {
        this.bind = bind;
        this.top = top;
    }

    Optional<Reset> read(boolean hasBase) {
        if (!hasBase) bind.problems.add(top.mark(), "base_model is missing: reset goes back to it");
        Optional<ModelRef> expert = Optional.empty();
        if (entry("expert") == null) bind.problems.add(top.mark(), "expert is missing: whose layers are reset", "a model", null);
        else expert = bind.model(entry("expert").value(), "expert");
        boolean chosen = entry("layers") != null || entry("modules") != null || entry("non_layer") != null;
        Optional<SortedSet<Integer>> layers = entry("layers") != null ? Optional.of(LayerRanges.read(entry("layers").value(), "layers", bind.problems))
                : entry("modules") == null && entry("non_layer") != null ? Optional.of(new TreeSet<>()) : Optional.empty();
        double keep = entry("keep_fraction") == null ? 0 : bind.number(entry("keep_fraction").value(), "keep_fraction", 0, 1);
        boolean pooled = entry("scope") != null && bind.oneOf(entry("scope").value(), "scope", List.of("tensor", "all")) == 1;
        if (entry("scope") != null && entry("keep_fraction") == null) bind.problems.add(entry("scope").key(), "scope says which changes compete for keep_fraction, which is missing");
        if (!chosen && entry("keep_fraction") == null) bind.problems.add(top.mark(), "nothing to reset", "layers, modules, non_layer or keep_fraction", "none of them");
        Reset reset = new Reset(expert.orElse(null), layers, words("modules", Module.class, true), words("non_layer", NonLayer.class, false), !chosen, keep, pooled, marks());
        return expert.isEmpty() ? Optional.empty() : Optional.of(reset);
    }

    private <E extends Enum<E>> Set<E> words(String key, Class<E> type, boolean allByDefault) {
        Entry entry = entry(key);
        if (entry == null) return allByDefault ? EnumSet.allOf(type) : EnumSet.noneOf(type);
        E[] all = type.getEnumConstants();
        List<String> words = Arrays.stream(all).map(each -> each.name().toLowerCase(java.util.Locale.ROOT)).toList();
        EnumSet<E> chosen = EnumSet.noneOf(type);
        boolean none = entry.value() instanceof Items items && items.items().isEmpty() && !allByDefault;
        if (none) return chosen;
        for (YamlValue item : entry.value() instanceof YamlValue.Text ? List.of(entry.value()) : bind.items(entry.value(), key)) {
            int at = bind.oneOf(item, key, words);
            if (at >= 0) chosen.add(all[at]);
        }
        return chosen;
    }

    private Entry entry(String key) {
        Entry entry = top.entries().get(key);
        return entry == null || entry.value() instanceof YamlValue.Nothing ? null : entry;
    }

    private Map<String, Mark> marks() {
        Map<String, Mark> marks = new LinkedHashMap<>();
        for (String key : KEYS) if (entry(key) != null) marks.put(key, entry(key).key());
        return marks;
    }
}
