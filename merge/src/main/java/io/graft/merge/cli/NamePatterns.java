package io.graft.merge.cli;

import io.graft.engine.memory.Shape;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tensors that differ in a number of their names only, as one line: {@code model.layers.{0-29}.mlp.up_proj.weight}. Numbers
 * between dots count, a layer's and an expert's alike; type and shape must be the same.
 */
final class NamePatterns {

    /** One line of the table. */
    static final class Line {
        private final List<String> parts;
        private final List<BitSet> numbers = new ArrayList<>();
        private final String type;
        private final Shape shape;
        private long count, bytes;

        private Line(List<String> parts, String type, Shape shape) {
            this.parts = parts;
            this.type = type;
            this.shape = shape;
        }

        String type() { return type; }

        Shape shape() { return shape; }

        long count() { return count; }

        long bytes() { return bytes; }

        /** {@return the name, a number in its place where there is one only, else the range in braces} */
        String name() {
            List<String> shown = new ArrayList<>(parts);
            for (int i = 0, at = 0; i < shown.size(); i++) if (shown.get(i).equals("{}")) shown.set(i, ranges(numbers.get(at++)));
            return String.join(".", shown);
        }
    }

    private record Key(List<String> parts, String type, Shape shape) {}

    private final Map<Key, Line> lines = new LinkedHashMap<>();
    private final int most;
    private long left;

    /**
     * Nothing yet.
     *
     * @param most how many lines there may be; tensors that fit into none of them are only counted
     */
    NamePatterns(int most) { this.most = most; }

    /** {@return the lines, in the order in which each first appeared} */
    Collection<Line> lines() { return lines.values(); }

    /** {@return how many tensors are in none of the lines} */
    long left() { return left; }

    /**
     * Puts a tensor into its line.
     *
     * @param tensor any
     */
    void add(Inspection.Entry tensor) {
        String[] parts = tensor.name().split("\\.", -1);
        List<Integer> found = new ArrayList<>(2);
        for (int i = 1; i + 1 < parts.length; i++) {
            int number = number(parts[i]);
            if (number < 0) continue;
            found.add(number);
            parts[i] = "{}";
        }
        Key key = new Key(List.of(parts), tensor.type(), tensor.shape());
        Line line = lines.get(key);
        if (line == null) {
            if (lines.size() == most) {
                left++;
                return;
            }
            line = new Line(key.parts, tensor.type(), tensor.shape());
            lines.put(key, line);
        }
        for (int i = 0; i < found.size(); i++) {
            if (line.numbers.size() == i) line.numbers.add(new BitSet());
            line.numbers.get(i).set(found.get(i));
        }
        line.count++;
        line.bytes += tensor.bytes();
    }

    /** The index that these characters write; more than five digits are none. */
    private static int number(String part) {
        if (part.isEmpty() || part.length() > 5 || part.length() > 1 && part.charAt(0) == '0') return -1;
        for (int i = 0; i < part.length(); i++) if (part.charAt(i) < '0' || part.charAt(i) > '9') return -1;
        return Integer.parseInt(part);
    }

    private static String ranges(BitSet numbers) {
        if (numbers.cardinality() == 1) return Integer.toString(numbers.nextSetBit(0));
        StringBuilder text = new StringBuilder("{");
        for (int from = numbers.nextSetBit(0); from >= 0; ) {
            int to = numbers.nextClearBit(from) - 1;
            text.append(text.length() == 1 ? "" : ",").append(from);
            if (to > from) text.append('-').append(to);
            from = numbers.nextSetBit(to + 1);
        }
        return text.append('}').toString();
    }
}
