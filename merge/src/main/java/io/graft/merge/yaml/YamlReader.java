package io.graft.merge.yaml;

import io.graft.engine.RequestException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Reads YAML 1.1 as PyYAML does, into values with line and column. Stricter in three ways: no key twice in a mapping, no
 * NaN or infinity, no tags but YAML's own. Bounded: a megabyte of text, nesting of 50, 50 aliases.
 */
public final class YamlReader {

    private static final Set<Tag> PLAIN = Set.of(Tag.STR, Tag.INT, Tag.FLOAT, Tag.BOOL, Tag.NULL, Tag.TIMESTAMP, Tag.MERGE);

    private final String file;
    private final Problems problems;
    private final Scalars scalars;
    /** An anchored node is bound once, whatever the number of its aliases. */
    private final Map<Node, YamlValue> done = new IdentityHashMap<>();
    private final Set<Node> open = Collections.newSetFromMap(new IdentityHashMap<>());

    /** Snakeyaml's meaning of a scalar: its constructor's, which is not public. */
    private static final class Scalars extends SafeConstructor {
        Scalars(LoaderOptions options) { super(options); }

        Object value(ScalarNode node) { return constructObject(node); }
    }

    private YamlReader(String file, Problems problems, LoaderOptions options) {
        this.file = file;
        this.problems = problems;
        this.scalars = new Scalars(options);
    }

    /**
     * Reads a document.
     *
     * @param file     what errors call it
     * @param text     the document
     * @param problems receives duplicates and values that cannot be
     * @return its tree
     * @throws RequestException if it is no YAML at all
     */
    public static YamlValue read(String file, String text, Problems problems) {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(1_000_000); // a longer plain scalar takes quadratic time
        YamlReader reader = new YamlReader(file, problems, options);
        try {
            Node root = new Yaml(new SafeConstructor(options)).compose(new StringReader(text));
            return root == null ? new YamlValue.Nothing(new Mark(file, 1, 1)) : reader.bind(root);
        } catch (MarkedYAMLException wrong) {
            Mark mark = wrong.getProblemMark() == null ? new Mark(file, 0, 0) : reader.mark(wrong.getProblemMark());
            String what = wrong.getContext() == null ? wrong.getProblem() : wrong.getProblem() + " (" + wrong.getContext() + ")";
            throw new RequestException(mark.toString(), "not valid YAML: " + what);
        } catch (YAMLException wrong) {
            throw new RequestException(file, "not valid YAML: " + wrong.getMessage());
        }
    }

    private YamlValue bind(Node node) {
        YamlValue known = done.get(node);
        if (known != null) return known;
        Mark mark = mark(node.getStartMark());
        if (!open.add(node)) {
            problems.add(mark, "an anchor that contains itself");
            return new YamlValue.Nothing(mark);
        }
        YamlValue value = switch (node) {
            case MappingNode mapping -> table(mapping, mark);
            case SequenceNode sequence -> {
                List<YamlValue> items = new ArrayList<>();
                for (Node item : sequence.getValue()) items.add(bind(item));
                yield new YamlValue.Items(items, mark);
            }
            case ScalarNode scalar -> scalar(scalar, mark);
            default -> throw new RequestException(mark.toString(), "not valid YAML: an anchor without a value");
        };
        open.remove(node);
        done.put(node, value);
        return value;
    }

    private YamlValue table(MappingNode mapping, Mark mark) {
        SequencedMap<String, YamlValue.Entry> entries = new LinkedHashMap<>();
        List<YamlValue> merged = new ArrayList<>();
        for (NodeTuple tuple : mapping.getValue()) {
            Mark at = mark(tuple.getKeyNode().getStartMark());
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                problems.add(at, "a key must be a word", "a word", "a list or mapping");
                continue;
            }
            YamlValue value = bind(tuple.getValueNode());
            if (key.getTag().equals(Tag.MERGE)) merged.add(value);
            else if (entries.containsKey(key.getValue())) problems.add(at, "the key '" + key.getValue() + "' stands twice in one mapping; it stood first at line " + entries.get(key.getValue()).key().line());
            else entries.put(key.getValue(), new YamlValue.Entry(at, value));
        }
        for (YamlValue value : merged) merge(value, entries);
        return new YamlValue.Table(entries, mark);
    }

    /** {@code <<}: the keys of a mapping, or of a list of mappings, that stand not yet here. */
    private void merge(YamlValue value, SequencedMap<String, YamlValue.Entry> into) {
        switch (value) {
            case YamlValue.Table table -> table.entries().forEach(into::putIfAbsent);
            case YamlValue.Items list -> {
                for (YamlValue item : list.items()) {
                    if (item instanceof YamlValue.Items) problems.add(item.mark(), "the merge key << takes mappings", "a mapping", item.kind());
                    else merge(item, into);
                }
            }
            default -> problems.add(value.mark(), "the merge key << takes a mapping or a list of mappings", "a mapping", value.kind());
        }
    }

    private YamlValue scalar(ScalarNode node, Mark mark) {
        Tag tag = node.getTag();
        if (!PLAIN.contains(tag)) {
            problems.add(mark, "YAML tags have no meaning here", "a plain value", tag.getValue());
            return new YamlValue.Nothing(mark);
        }
        if (tag.equals(Tag.NULL)) return new YamlValue.Nothing(mark);
        if (tag.equals(Tag.BOOL)) return new YamlValue.Truth((Boolean) value(node, mark, false), mark);
        if (tag.equals(Tag.INT) || tag.equals(Tag.FLOAT)) {
            double value = ((Number) value(node, mark, 0.0)).doubleValue();
            if (!Double.isFinite(value)) {
                problems.add(mark, "a number must be finite", "a finite number", node.getValue());
                value = 0;
            }
            return new YamlValue.Number(value, node.getValue(), mark);
        }
        return new YamlValue.Text(node.getValue(), mark);
    }

    private Object value(ScalarNode node, Mark mark, Object otherwise) {
        try {
            return scalars.value(node);
        } catch (YAMLException | NumberFormatException | ClassCastException | StringIndexOutOfBoundsException wrong) {
            problems.add(mark, "not a value that YAML knows", null, node.getValue());
            return otherwise;
        }
    }

    private Mark mark(org.yaml.snakeyaml.error.Mark mark) { return new Mark(file, mark.getLine() + 1, mark.getColumn() + 1); }
}
