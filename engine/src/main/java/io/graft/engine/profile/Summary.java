package io.graft.engine.profile;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Launches added up by operation and shape, the longest first.
 *
 * @param rows    one an operation and shape
 * @param seconds of all of them together
 * @param wall    seconds from the start of the first to the end of the last
 */
public record Summary(List<Row> rows, double seconds, double wall) {

    /**
     * What one operation on one shape took.
     *
     * @param operation its name
     * @param shape     of its operands
     * @param launches  how many
     * @param seconds   together
     * @param flops     together
     * @param bytes     together
     * @param floor     the seconds that the roofline allows for them
     */
    public record Row(String operation, String shape, int launches, double seconds, long flops, long bytes, double floor) {

        /** {@return floating-point operations in a nanosecond} */
        public double gigaflops() { return flops / seconds / 1e9; }

        /** {@return bytes in a nanosecond} */
        public double gigabytes() { return bytes / seconds / 1e9; }

        /** {@return how much of the roofline it reached, from 0 to about 1} */
        public double ofRoofline() { return floor / seconds; }

        private Row plus(Row other) {
            return new Row(operation, shape, launches + other.launches, seconds + other.seconds, flops + other.flops, bytes + other.bytes, floor + other.floor);
        }
    }

    /**
     * Adds launches up.
     *
     * @param launches any number
     * @param roofline of the machine
     * @return their summary
     */
    public static Summary of(List<Launch> launches, Roofline roofline) {
        Map<String, Row> rows = new LinkedHashMap<>();
        long first = Long.MAX_VALUE, last = Long.MIN_VALUE;
        for (Launch each : launches) {
            // A launch that the clock cannot see still took a nanosecond, so that rates stay finite.
            double seconds = Math.max(1, each.duration()) / 1e9;
            Row row = new Row(each.operation(), each.shape(), 1, seconds, each.flops(), each.bytes(), roofline.floor(each));
            rows.merge(each.operation() + "\n" + each.shape(), row, Row::plus);
            first = Math.min(first, each.start());
            last = Math.max(last, each.start() + each.duration());
        }
        List<Row> sorted = new ArrayList<>(rows.values());
        sorted.sort(Comparator.comparingDouble(Row::seconds).reversed());
        return new Summary(List.copyOf(sorted), sorted.stream().mapToDouble(Row::seconds).sum(), launches.isEmpty() ? 0 : (last - first) / 1e9);
    }

    /**
     * The rows added up once more, by operation alone.
     *
     * @return one row an operation, the longest first; its shape is empty
     */
    public List<Row> byOperation() {
        Map<String, Row> sums = new LinkedHashMap<>();
        for (Row row : rows)
            sums.merge(row.operation(), new Row(row.operation(), "", row.launches(), row.seconds(), row.flops(), row.bytes(), row.floor()), Row::plus);
        List<Row> sorted = new ArrayList<>(sums.values());
        sorted.sort(Comparator.comparingDouble(Row::seconds).reversed());
        return List.copyOf(sorted);
    }
}
