package io.graft.merge.train;

import io.graft.merge.yaml.Binder;
import io.graft.merge.yaml.LayerRanges;
import io.graft.merge.yaml.Problems;
import io.graft.merge.yaml.YamlValue;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;

/** The keys of one mapping, asked for one by one; a value that is wrong becomes a problem with its line, and the default. */
final class Fields {

    private final Problems problems;
    private final Binder binder;
    private final YamlValue.Table table;
    private final String where;
    private final Set<String> known = new LinkedHashSet<>();

    /** @param table null where it is no mapping, which then has no key */
    Fields(Problems problems, YamlValue.Table table, String where) {
        this.problems = problems;
        this.binder = new Binder(problems);
        this.table = table;
        this.where = where;
    }

    /** The value of a key, by any of its names; null for none, or an empty one. */
    YamlValue get(String... names) {
        YamlValue found = null;
        for (String name : names) {
            known.add(name);
            YamlValue.Entry entry = table == null ? null : table.entries().get(name);
            if (entry == null || entry.value() instanceof YamlValue.Nothing) continue;
            if (found != null) problems.add(entry.key(), "'" + name + "' says again what '" + names[0] + "' says in " + where);
            found = entry.value();
        }
        return found;
    }

    boolean has(String name) { return table != null && table.entries().containsKey(name); }

    String text(String otherwise, String... names) {
        YamlValue value = get(names);
        if (value == null) return otherwise;
        String text = binder.text(value, names[0]);
        return text == null ? otherwise : text;
    }

    boolean truth(boolean otherwise, String... names) {
        YamlValue value = get(names);
        return value == null ? otherwise : binder.truth(value, names[0]);
    }

    int count(int otherwise, int least, String... names) {
        YamlValue value = get(names);
        return value == null ? otherwise : binder.count(value, names[0], least);
    }

    /** A word of several, as its place among them. */
    int oneOf(int otherwise, List<String> words, String... names) {
        YamlValue value = get(names);
        int place = value == null ? otherwise : binder.oneOf(value, names[0], words);
        return place < 0 ? otherwise : place;
    }

    double number(double otherwise, double least, double most, String... names) {
        YamlValue value = get(names);
        return value == null ? otherwise : binder.number(value, names[0], least, most);
    }

    /** A whole number of 64 bits. */
    long whole(long otherwise, String... names) {
        YamlValue value = get(names);
        if (value == null) return otherwise;
        try {
            if (value instanceof YamlValue.Number number) return new java.math.BigDecimal(number.source().replace("_", "")).longValueExact();
        } catch (ArithmeticException | NumberFormatException wrong) {
            // said below
        }
        problems.add(value.mark(), names[0] + " must be a whole number", "a whole number", value.kind());
        return otherwise;
    }

    /** Layers as {@code 0-5,26-27}, a number, or a list of such; null for none given. */
    SortedSet<Integer> layers(String... names) {
        YamlValue value = get(names);
        if (value == null) return null;
        SortedSet<Integer> layers = LayerRanges.read(value, names[0], problems);
        if (layers.isEmpty() && value instanceof YamlValue.Items) problems.add(value.mark(), names[0] + " names no layer", "such as 0-5,26-27", "none");
        return layers;
    }

    /** The items of a list, or the one value that is no list. */
    List<YamlValue> several(String... names) {
        YamlValue value = get(names);
        if (value == null) return List.of();
        return value instanceof YamlValue.Items ? binder.items(value, names[0]) : List.of(value);
    }

    List<String> texts(String... names) {
        List<String> texts = new ArrayList<>();
        for (YamlValue item : several(names)) {
            String text = binder.text(item, names[0]);
            if (text != null) texts.add(text);
        }
        return texts;
    }

    Fields below(String... names) {
        YamlValue value = get(names);
        return new Fields(problems, value == null ? null : binder.table(value, names[0]), names[0]);
    }

    /** Refuses the keys that nobody has asked for. */
    void done() {
        if (table != null) binder.onlyKeys(table, where, known);
    }
}
