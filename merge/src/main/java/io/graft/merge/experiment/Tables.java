package io.graft.merge.experiment;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.merge.yaml.YamlValue;
import io.graft.merge.yaml.YamlValue.Entry;
import io.graft.merge.yaml.YamlValue.Items;
import io.graft.merge.yaml.YamlValue.Nothing;
import io.graft.merge.yaml.YamlValue.Number;
import io.graft.merge.yaml.YamlValue.Table;
import io.graft.merge.yaml.YamlValue.Text;
import io.graft.merge.yaml.YamlValue.Truth;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;

/** Trees of YAML: laid over each other, changed at a key, as JSON. All give new trees; marks stay. */
final class Tables {

    private Tables() {}

    /** The keys of both; where both have one, mappings are laid over each other, and of other values the upper one stands. */
    static Table overlay(Table lower, Table upper) {
        SequencedMap<String, Entry> entries = new LinkedHashMap<>(lower.entries());
        upper.entries().forEach((key, entry) -> {
            Entry below = entries.get(key);
            if (below != null && below.value() instanceof Table under && entry.value() instanceof Table over) entries.put(key, new Entry(entry.key(), overlay(under, over)));
            else entries.put(key, entry);
        });
        return new Table(entries, lower.mark());
    }

    /** With a value at a dotted key; mappings on the way are made. */
    static Table with(Table table, String key, YamlValue value) {
        int dot = key.indexOf('.');
        SequencedMap<String, Entry> entries = new LinkedHashMap<>(table.entries());
        String head = dot < 0 ? key : key.substring(0, dot);
        YamlValue inner = value;
        if (dot >= 0) {
            Entry below = entries.get(head);
            Table under = below != null && below.value() instanceof Table inside ? inside : new Table(new LinkedHashMap<>(), value.mark());
            inner = with(under, key.substring(dot + 1), value);
        }
        entries.put(head, new Entry(entries.containsKey(head) ? entries.get(head).key() : value.mark(), inner));
        return new Table(entries, table.mark());
    }

    /** Without some keys. */
    static Table without(Table table, String... keys) {
        SequencedMap<String, Entry> entries = new LinkedHashMap<>(table.entries());
        for (String key : keys) entries.remove(key);
        return new Table(entries, table.mark());
    }

    /** The value of a key, or null. */
    static YamlValue get(Table table, String key) {
        Entry entry = table.entries().get(key);
        return entry == null || entry.value() instanceof Nothing ? null : entry.value();
    }

    /** With every text at a key of a name, however deep, changed. */
    static YamlValue mapTexts(YamlValue value, String key, UnaryOperator<Text> change) {
        return switch (value) {
            case Table table -> {
                SequencedMap<String, Entry> entries = new LinkedHashMap<>();
                table.entries().forEach((name, entry) -> entries.put(name, new Entry(entry.key(),
                        name.equals(key) && entry.value() instanceof Text text ? change.apply(text) : mapTexts(entry.value(), key, change))));
                yield new Table(entries, table.mark());
            }
            case Items list -> {
                List<YamlValue> items = new ArrayList<>();
                for (YamlValue item : list.items()) items.add(mapTexts(item, key, change));
                yield new Items(items, list.mark());
            }
            default -> value;
        };
    }

    /** A tree as JSON, numbers as they were written; keys keep their order. */
    static JsonElement json(YamlValue value) {
        return switch (value) {
            case Text text -> new JsonPrimitive(text.text());
            case Number number -> number(number);
            case Truth truth -> new JsonPrimitive(truth.value());
            case Nothing _ -> JsonNull.INSTANCE;
            case Items list -> {
                JsonArray items = new JsonArray();
                for (YamlValue item : list.items()) items.add(json(item));
                yield items;
            }
            case Table table -> {
                JsonObject object = new JsonObject();
                table.entries().forEach((key, entry) -> object.add(key, json(entry.value())));
                yield object;
            }
        };
    }

    /** Whole numbers without a point: 3 and 3.0 are one value, and so have one key in the cache. */
    private static JsonPrimitive number(Number number) {
        double value = number.value();
        return value == Math.rint(value) && Math.abs(value) < 1e15 ? new JsonPrimitive((long) value) : new JsonPrimitive(value);
    }

    /** A value in few words, for the names of methods. */
    static String shortText(YamlValue value) {
        return switch (value) {
            case Items list -> String.join("+", list.items().stream().map(Tables::shortText).toList());
            case Text text -> text.text();
            default -> json(value).toString();
        };
    }
}
