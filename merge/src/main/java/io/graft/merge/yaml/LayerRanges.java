package io.graft.merge.yaml;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** Layers as recipes, trainings and the command line name them: {@code 0-5,26-27}, a number, or a list of such. */
public final class LayerRanges {

    private LayerRanges() {}

    /**
     * Reads layers.
     *
     * @param value    a text, a number, or a list of them
     * @param what     what messages call it
     * @param problems receives what is wrong
     * @return the layers; none for an empty list
     */
    public static SortedSet<Integer> read(YamlValue value, String what, Problems problems) {
        SortedSet<Integer> layers = new TreeSet<>();
        for (YamlValue item : value instanceof YamlValue.Items list ? list.items() : List.of(value)) {
            String text = item instanceof YamlValue.Number number ? number.source() : item instanceof YamlValue.Text words ? words.text() : item.kind();
            for (String range : text.split(",")) {
                String[] ends = range.strip().split("\\s*-\\s*");
                boolean plain = ends.length >= 1 && ends.length <= 2;
                for (String end : ends) plain &= end.matches("\\d{1,5}");
                int from = plain ? Integer.parseInt(ends[0]) : 1, to = plain ? Integer.parseInt(ends[ends.length - 1]) : 0;
                if (from > to) problems.add(item.mark(), what + " must be layers", "such as 0-5,26-27", item.kind());
                for (int layer = from; layer <= to; layer++) layers.add(layer);
            }
        }
        return layers;
    }
}
