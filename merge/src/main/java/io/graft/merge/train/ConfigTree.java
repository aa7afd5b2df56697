package io.graft.merge.train;

import io.graft.engine.RequestException;
import io.graft.merge.yaml.Mark;
import io.graft.merge.yaml.Problems;
import io.graft.merge.yaml.YamlReader;
import io.graft.merge.yaml.YamlValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** Trees of a configuration that come from somewhere else than its file: a map of a caller's, and {@code --set key=value}. */
final class ConfigTree {

    private ConfigTree() {}

    /** A caller's value as if it had been read. */
    static YamlValue of(Object value, Mark mark) {
        return switch (value) {
            case null -> new YamlValue.Nothing(mark);
            case Boolean truth -> new YamlValue.Truth(truth, mark);
            case Number number -> new YamlValue.Number(number.doubleValue(), number.toString(), mark);
            case Map<?, ?> map -> {
                SequencedMap<String, YamlValue.Entry> entries = new LinkedHashMap<>();
                map.forEach((key, each) -> entries.put(String.valueOf(key), new YamlValue.Entry(mark, of(each, mark))));
                yield new YamlValue.Table(entries, mark);
            }
            case Iterable<?> list when !(value instanceof java.nio.file.Path) -> {
                List<YamlValue> items = new ArrayList<>();
                for (Object each : list) items.add(of(each, mark));
                yield new YamlValue.Items(items, mark);
            }
            default -> new YamlValue.Text(value.toString(), mark);
        };
    }

    /**
     * A tree with one value replaced, or added.
     *
     * @param root     the tree
     * @param override {@code a.b=value}, the value in YAML
     * @param problems receives what is wrong with the value
     */
    static YamlValue with(YamlValue root, String override, Problems problems) {
        int equals = override.indexOf('=');
        if (equals < 1) throw new RequestException("--set", "no key and value", "such as optimizer.lr=1e-4", "'" + override + "'");
        String path = override.substring(0, equals);
        Mark mark = new Mark("--set " + path, 0, 0);
        YamlValue value = at(YamlReader.read(mark.toString(), override.substring(equals + 1), problems), mark);
        return with(root, List.of(path.split("\\.", -1)), value, mark);
    }

    private static YamlValue with(YamlValue tree, List<String> path, YamlValue value, Mark mark) {
        if (path.isEmpty()) return value;
        SequencedMap<String, YamlValue.Entry> entries = tree instanceof YamlValue.Table table ? new LinkedHashMap<>(table.entries()) : new LinkedHashMap<>();
        if (tree instanceof YamlValue.Items list && path.getFirst().matches("\\d{1,6}") && Integer.parseInt(path.getFirst()) < list.items().size()) {
            List<YamlValue> items = new ArrayList<>(list.items());
            int index = Integer.parseInt(path.getFirst());
            items.set(index, with(items.get(index), path.subList(1, path.size()), value, mark));
            return new YamlValue.Items(items, list.mark());
        }
        YamlValue.Entry old = entries.get(path.getFirst());
        YamlValue below = old == null ? new YamlValue.Nothing(mark) : old.value();
        entries.put(path.getFirst(), new YamlValue.Entry(mark, with(below, path.subList(1, path.size()), value, mark)));
        return new YamlValue.Table(entries, tree.mark());
    }

    /** The same tree with one mark: a line and column inside an option say nothing. */
    private static YamlValue at(YamlValue value, Mark mark) {
        return switch (value) {
            case YamlValue.Text text -> new YamlValue.Text(text.text(), mark);
            case YamlValue.Number number -> new YamlValue.Number(number.value(), number.source(), mark);
            case YamlValue.Truth truth -> new YamlValue.Truth(truth.value(), mark);
            case YamlValue.Nothing _ -> new YamlValue.Nothing(mark);
            case YamlValue.Items list -> new YamlValue.Items(list.items().stream().map(item -> at(item, mark)).toList(), mark);
            case YamlValue.Table table -> {
                SequencedMap<String, YamlValue.Entry> entries = new LinkedHashMap<>();
                table.entries().forEach((key, entry) -> entries.put(key, new YamlValue.Entry(mark, at(entry.value(), mark))));
                yield new YamlValue.Table(entries, mark);
            }
        };
    }
}
