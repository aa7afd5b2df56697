package io.graft.merge.recipe;

import io.graft.merge.yaml.Binder;
import io.graft.merge.yaml.Problems;
import io.graft.merge.yaml.YamlValue;
import io.graft.merge.yaml.YamlValue.Entry;
import io.graft.merge.yaml.YamlValue.Nothing;
import io.graft.merge.yaml.YamlValue.Table;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Binding with what only recipes have: models as mergekit writes them, and parameters in the wrong place. */
final class RecipeBinder extends Binder {

    final Problems problems;

    RecipeBinder(Problems problems) {
        super(problems);
        this.problems = problems;
    }

    @Override
    protected String hint(String key, Collection<String> known) {
        return known.contains("parameters") && MethodSpec.parameterNames().contains(key) ? "put " + key + " under parameters" : super.hint(key, known);
    }

    /** A model: {@code path[@revision][+adapter[@revision]]}, or the mapping that mergekit has for it. */
    Optional<ModelRef> model(YamlValue value, String what) {
        if (value instanceof Table table) return modelTable(table, what);
        if (value instanceof Nothing) {
            problems.add(value.mark(), what + " is empty", "a model", "nothing");
            return Optional.empty();
        }
        String text = text(value, what);
        if (text == null) return Optional.empty();
        if (text.isBlank()) {
            problems.add(value.mark(), what + " is empty", "a model", "a blank text");
            return Optional.empty();
        }
        return Optional.of(new ModelRef(text, value.mark()));
    }

    private Optional<ModelRef> modelTable(Table table, String what) {
        onlyKeys(table, what, List.of("model", "lora", "override_architecture", "path", "revision"));
        Entry override = table.entries().get("override_architecture");
        if (override != null) problems.add(override.key(), "override_architecture is not supported yet", null, null, "Graft needs no known architecture to merge");
        Entry model = table.entries().get("model"), lora = table.entries().get("lora");
        String path = model == null ? path(table, what) : path(model.value(), what);
        if (path == null) return Optional.empty();
        if (lora == null) return Optional.of(new ModelRef(path, table.mark()));
        String adapter = path(lora.value(), "lora");
        return adapter == null ? Optional.empty() : Optional.of(new ModelRef(path + "+" + adapter, table.mark()));
    }

    private String path(YamlValue value, String what) {
        if (!(value instanceof Table table)) return text(value, what);
        Entry path = table.entries().get("path"), revision = table.entries().get("revision");
        if (path == null) {
            problems.add(table.mark(), "path is missing in " + what);
            return null;
        }
        String text = text(path.value(), "path");
        String rev = revision == null || revision.value() instanceof Nothing ? null : text(revision.value(), "revision");
        return text == null ? null : rev == null ? text : text + "@" + rev;
    }
}
