package io.graft.merge.cli;

import com.samskivert.mustache.Mustache;
import io.graft.merge.analysis.Comparison;
import io.graft.merge.analysis.ModelComparison;
import io.graft.merge.analysis.Place;
import io.graft.merge.analysis.TensorComparison;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A comparison as one HTML file: heat maps as SVG, the numbers as tables, light and dark, no script and nothing from a
 * network. The template escapes every name.
 */
final class DiffPage {

    private static final int CELL_WIDTH = 42, CELL_HEIGHT = 24, GAP = 2, GROUP_GAP = 8, LEFT = 44, ALL_GAP = 10;
    /** Rotated by 40 degrees, a letter of 13 px takes about this much of the height. */
    private static final double LETTER_RISE = 4.6, LETTER_RUN = 5.5;

    private final ModelComparison found;
    private final boolean hasBase;

    private DiffPage(ModelComparison found) {
        this.found = found;
        this.hasBase = found.base().isPresent();
    }

    /**
     * Writes the page.
     *
     * @param found what was compared
     * @return HTML
     */
    static String of(ModelComparison found) {
        try (Reader template = new InputStreamReader(DiffPage.class.getResourceAsStream("diff.mustache"), StandardCharsets.UTF_8)) {
            return Mustache.compiler().escapeHTML(true).strictSections(true).compile(template).execute(new DiffPage(found).context());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private Map<String, Object> context() {
        Map<String, Object> page = new HashMap<>();
        page.put("title", hasBase ? "Where two experts changed their base" : "What changed from A to B");
        page.put("a", shown(found.a()));
        page.put("b", shown(found.b()));
        page.put("base", found.base().map(DiffPage::shown).orElse(null));
        page.put("summary", summary(found));
        page.put("hasLayers", !found.layers().isEmpty());
        page.put("maps", HeatMap.of(found).stream().map(this::map).toList());
        page.put("columns", DiffColumns.heads(hasBase));
        page.put("hasOutside", !found.outside().isEmpty());
        page.put("outside", found.outside().stream().map(t -> row(t.place().module(), t.result())).toList());
        page.put("byLayer", found.layers().stream().map(layer -> row(Integer.toString(layer), found.layer(layer))).toList());
        List<Map<String, Object>> cells = new ArrayList<>();
        found.cells().forEach((place, sums) -> {
            Map<String, Object> row = row(place.module(), sums);
            row.put("layer", place.layer());
            cells.add(row);
        });
        page.put("byCell", cells);
        page.put("hasLeft", !found.left().isEmpty());
        page.put("left", found.left().stream().map(DiffPage::shown).toList());
        page.put("meaning", DiffColumns.meaning(hasBase));
        page.put("version", Version.NUMBER);
        page.put("elements", Text.count(found.total().elements()));
        return page;
    }

    private Map<String, Object> row(String name, Comparison sums) {
        Map<String, Object> row = new HashMap<>();
        row.put("name", shown(name));
        row.put("values", DiffColumns.values(sums, hasBase));
        return row;
    }

    /**
     * The one sentence that a reader should take away.
     *
     * @param found what was compared
     * @return plain text
     */
    static String summary(ModelComparison found) {
        Comparison all = found.total();
        String most = most(found);
        if (found.base().isPresent()) {
            return String.format(Locale.ROOT, "A moved away from the base by %s of its norm, B by %s. The cosine of the two changes is %.2f, and of the values that changed %s moved in the same direction.%s",
                    Text.percent(all.firstRelative()), Text.percent(all.secondRelative()), all.cosine(), Text.percent(all.signAgreement()), most);
        }
        if (all.differ() == 0) return "A and B are the same in all " + Text.count(all.elements()) + " values.";
        return String.format(Locale.ROOT, "B differs from A in %s of %s values, by %s of A's norm.%s", Text.percent(all.changed()), Text.count(all.elements()), Text.percent(all.relative()), most);
    }

    private static String most(ModelComparison found) {
        Place place = null;
        double largest = 0;
        for (Map.Entry<Place, Comparison> cell : found.cells().entrySet()) {
            double change = cell.getValue().relative();
            if (change > largest) {
                largest = change;
                place = cell.getKey();
            }
        }
        if (place == null) return "";
        return " In the layers, A and B differ most in layer " + place.layer() + ", " + shown(place.module()) + " (" + Text.percent(largest) + ").";
    }

    private Map<String, Object> map(HeatMap map) {
        int columns = map.columns().size(), rows = map.layers().size();
        int[] x = new int[columns + 1];
        int at = LEFT;
        for (int column = 0; column <= columns; column++) {
            boolean newGroup = column > 0 && column < columns && !ModelComparison.group(map.columns().get(column)).equals(ModelComparison.group(map.columns().get(column - 1)));
            if (newGroup) at += GROUP_GAP;
            if (column == columns) at += ALL_GAP;
            x[column] = at;
            at += CELL_WIDTH + GAP;
        }
        List<String> heads = new ArrayList<>();
        for (String head : map.heads()) heads.add(Text.oneLine(head, 40));
        heads.add("all");
        double top = 0, right = at;
        for (int column = 0; column <= columns; column++) {
            top = Math.max(top, heads.get(column).length() * LETTER_RISE + 14);
            right = Math.max(right, x[column] + CELL_WIDTH / 2.0 + heads.get(column).length() * LETTER_RUN + 8);
        }
        int y0 = (int) Math.ceil(top);
        List<Map<String, Object>> headTexts = new ArrayList<>(), rowTexts = new ArrayList<>(), cells = new ArrayList<>();
        for (int column = 0; column <= columns; column++) headTexts.add(Map.of("x", x[column] + CELL_WIDTH / 2 - 2, "y", y0 - 6, "text", heads.get(column)));
        for (int row = 0; row <= rows; row++) {
            int y = y0 + row * (CELL_HEIGHT + GAP) + (row == rows ? ALL_GAP : 0);
            String name = row == rows ? "all" : Integer.toString(map.layers().get(row));
            rowTexts.add(Map.of("x", LEFT - 8, "y", y + CELL_HEIGHT / 2 + 4, "text", name));
            for (int column = 0; column <= columns; column++) cells.add(cell(map, row, column, x[column], y));
        }
        Map<String, Object> context = new HashMap<>();
        context.put("title", map.title());
        context.put("width", (int) Math.ceil(right));
        context.put("height", y0 + (rows + 1) * (CELL_HEIGHT + GAP) + ALL_GAP);
        context.put("minWidth", columns > 12 ? (int) (right * 0.75) : 0);
        context.put("heads", headTexts);
        context.put("rows", rowTexts);
        context.put("cells", cells);
        context.put("from", map.signed() ? "-1" : "0 %");
        context.put("to", map.signed() ? "1" : Text.percent(map.top()));
        context.put("signedStyle", map.signed() ? " signed" : "");
        return context;
    }

    private Map<String, Object> cell(HeatMap map, int row, int column, int x, int y) {
        double value = map.cells()[row][column], depth = map.depth(value);
        boolean allLayers = row == map.layers().size(), allModules = column == map.columns().size();
        String where = (allLayers ? "all layers" : "layer " + map.layers().get(row)) + ", " + (allModules ? "all modules" : shown(map.columns().get(column)));
        Map<String, Object> cell = new HashMap<>();
        cell.put("x", x);
        cell.put("y", y);
        cell.put("w", CELL_WIDTH);
        cell.put("h", CELL_HEIGHT);
        cell.put("textX", x + CELL_WIDTH / 2);
        cell.put("textY", y + CELL_HEIGHT / 2 + 4);
        cell.put("text", map.shortText(value));
        cell.put("t", String.format(Locale.ROOT, "%.3f", depth));
        cell.put("style", Double.isNaN(value) ? " none" : (value < 0 ? " minus" : "") + (depth > 0.62 ? " deepest" : depth > 0.5 ? " deep" : ""));
        cell.put("tip", where + ": " + tip(allLayers ? null : map.layers().get(row), allModules ? null : map.columns().get(column)));
        return cell;
    }

    private String tip(Integer layer, String module) {
        Comparison sums = layer != null && module != null ? found.cells().getOrDefault(new Place(layer, module), Comparison.NONE)
                : layer != null ? found.layer(layer) : module != null ? found.module(module) : inLayers();
        List<String> heads = DiffColumns.heads(hasBase), values = DiffColumns.values(sums, hasBase);
        StringBuilder tip = new StringBuilder();
        for (int i = 0; i < heads.size(); i++) tip.append(i == 0 ? "" : ", ").append(heads.get(i)).append(' ').append(values.get(i));
        return tip.toString();
    }

    private Comparison inLayers() {
        Comparison sum = Comparison.NONE;
        for (TensorComparison tensor : found.tensors()) if (tensor.place().layer() != Place.OUTSIDE) sum = sum.plus(tensor.result());
        return sum;
    }

    private static String shown(String name) { return Text.oneLine(name, 300); }
}
