package io.graft.merge.recipe;

import io.graft.merge.recipe.LayerSwap.Module;
import io.graft.merge.recipe.LayerSwap.Origin;
import io.graft.merge.recipe.LayerSwap.Output;
import io.graft.merge.yaml.Mark;
import io.graft.merge.yaml.YamlValue.Entry;
import io.graft.merge.yaml.YamlValue.Table;
import io.graft.merge.yaml.YamlValue;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads the keys of {@code layer_swap}. */
final class SwapReader {

    /** Its own keys, beside those that every recipe has. */
    static final List<String> KEYS = List.of("language", "task", "bottom", "top", "transition_bottom", "transition_top", "ramp", "embeddings", "final_norm", "lm_head",
            "modules", "output");

    private final RecipeBinder bind;
    private final Table top;

    SwapReader(RecipeBinder bind, Table top) {
        this.bind = bind;
        this.top = top;
    }

    Optional<LayerSwap> read(boolean hasBase) {
        Optional<ModelRef> language = model("language"), task = model("task");
        int bottom = zone("bottom"), upper = zone("top");
        Optional<Origin> lmHead = origin("lm_head");
        LayerSwap swap = new LayerSwap(language.orElse(null), task.orElse(null), bottom, upper, count("transition_bottom"), count("transition_top"), ramp(),
                origin("embeddings").orElse(LayerSwap.EMBEDDINGS), origin("final_norm").orElse(LayerSwap.FINAL_NORM), lmHead, modules(), output(), marks());
        if (!hasBase) needsBase(swap);
        return language.isEmpty() || task.isEmpty() ? Optional.empty() : Optional.of(swap);
    }

    private void needsBase(LayerSwap swap) {
        Map<String, Optional<Origin>> origins = new LinkedHashMap<>();
        origins.put("embeddings", Optional.of(swap.embeddings()));
        origins.put("final_norm", Optional.of(swap.finalNorm()));
        origins.put("lm_head", swap.lmHead());
        origins.forEach((key, origin) -> {
            if (origin.filter(each -> each == Origin.BASE || each == Origin.SUM).isPresent()) {
                bind.problems.add(top.entries().get(key).key(), key + ": " + origin.get().word() + " needs base_model, which is missing");
            }
        });
    }

    private Optional<ModelRef> model(String key) {
        Entry entry = top.entries().get(key);
        if (entry != null) return bind.model(entry.value(), key);
        bind.problems.add(top.mark(), key + " is missing: layer_swap takes two experts", "language and task", null);
        return Optional.empty();
    }

    private int zone(String key) {
        if (!top.entries().containsKey(key)) bind.problems.add(top.mark(), key + " is missing: how many layers of that side are the language expert's", "0 or more", null);
        return count(key);
    }

    private int count(String key) {
        Entry entry = top.entries().get(key);
        return entry == null ? 0 : bind.count(entry.value(), key, 0);
    }

    private boolean ramp() {
        Entry entry = top.entries().get("ramp");
        return entry != null && bind.truth(entry.value(), "ramp");
    }

    private Optional<Origin> origin(String key) {
        Entry entry = top.entries().get(key);
        if (entry == null) return Optional.empty();
        int at = bind.oneOf(entry.value(), key, Arrays.stream(Origin.values()).map(Origin::word).toList());
        return at < 0 ? Optional.empty() : Optional.of(Origin.values()[at]);
    }

    private Set<Module> modules() {
        Entry entry = top.entries().get("modules");
        EnumSet<Module> modules = EnumSet.noneOf(Module.class);
        if (entry == null) return EnumSet.allOf(Module.class);
        for (YamlValue item : bind.items(entry.value(), "modules")) {
            int at = bind.oneOf(item, "modules", Arrays.stream(Module.values()).map(Module::word).toList());
            if (at >= 0) modules.add(Module.values()[at]);
        }
        return modules;
    }

    private Output output() {
        Entry entry = top.entries().get("output");
        return entry != null && bind.oneOf(entry.value(), "output", List.of("model", "adapter")) == 1 ? Output.ADAPTER : Output.MODEL;
    }

    private Map<String, Mark> marks() {
        Map<String, Mark> marks = new LinkedHashMap<>();
        for (String key : KEYS) if (top.entries().containsKey(key)) marks.put(key, top.entries().get(key).key());
        return marks;
    }
}
