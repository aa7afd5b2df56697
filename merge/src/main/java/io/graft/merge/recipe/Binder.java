package io.graft.merge.recipe;

import io.graft.merge.recipe.YamlValue.Entry;
import io.graft.merge.recipe.YamlValue.Items;
import io.graft.merge.recipe.YamlValue.Nothing;
import io.graft.merge.recipe.YamlValue.Table;
import io.graft.merge.recipe.YamlValue.Text;
import io.graft.merge.recipe.YamlValue.Truth;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** The small steps of binding: a value as a word, a count, a model; what it is not becomes a problem with its line. */
final class Binder {

    final Problems problems;

    Binder(Problems problems) { this.problems = problems; }

    /** A mapping; null and a problem where it is none. */
    Table table(YamlValue value, String what) {
        if (value instanceof Table table) return table;
        problems.add(value.mark(), what + " must be a mapping", "a mapping", value.kind());
        return null;
    }

    /** A list's items; a problem, and none, where it is no list or empty. */
    List<YamlValue> items(YamlValue value, String what) {
        if (value instanceof Items list && !list.items().isEmpty()) return list.items();
        problems.add(value.mark(), what + " must be a list of one or more", "a list", value instanceof Items ? "an empty list" : value.kind());
        return List.of();
    }

    /** A word; null and a problem where it is none. */
    String text(YamlValue value, String what) {
        if (value instanceof Text text) return text.text();
        problems.add(value.mark(), what + " must be a text", "a text", value.kind(), value instanceof YamlValue.Number || value instanceof Truth ? "put it in quotes" : null);
        return null;
    }

    /** A truth value; false and a problem where it is none. */
    boolean truth(YamlValue value, String what) {
        if (value instanceof Truth truth) return truth.value();
        problems.add(value.mark(), what + " must be true or false", "true or false", value.kind());
        return false;
    }

    /** A whole number of at least {@code least}; that and a problem where it is none. */
    int count(YamlValue value, String what, int least) {
        if (value instanceof YamlValue.Number number && number.value() == Math.rint(number.value()) && number.value() >= least && number.value() <= Integer.MAX_VALUE) return (int) number.value();
        problems.add(value.mark(), what + " must be a whole number", least + " or more", value.kind());
        return Math.max(0, least);
    }

    /** One word of several, as its place among them; -1 and a problem where it is none of them. */
    int oneOf(YamlValue value, String what, List<String> words) {
        String text = text(value, what);
        if (text == null) return -1;
        int at = words.indexOf(text);
        if (at < 0) problems.add(value.mark(), "'" + text + "' is no value of " + what, String.join("|", words), text, Suggestion.of(text, words));
        return at;
    }

    /** Refuses the keys that are not known. */
    void onlyKeys(Table table, String where, Collection<String> known) {
        table.entries().forEach((key, entry) -> {
            if (!known.contains(key)) unknown(entry.key(), key, where, known);
        });
    }

    void unknown(Mark mark, String key, String where, Collection<String> known) {
        String hint = Suggestion.of(key, known);
        if (known.contains("parameters") && MethodSpec.parameterNames().contains(key)) hint = "put " + key + " under parameters";
        problems.add(mark, "unknown key '" + key + "' in " + where, null, null, hint);
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
