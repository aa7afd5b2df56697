package io.graft.merge.cli;

import static io.graft.merge.cli.Sheet.count;
import static io.graft.merge.cli.Sheet.number;
import static io.graft.merge.cli.Sheet.percent;
import static io.graft.merge.cli.Sheet.text;

import io.graft.merge.analysis.Additivity;
import io.graft.merge.analysis.AnalysisReport;
import io.graft.merge.analysis.Changes;
import io.graft.merge.analysis.Changes.Sums;
import io.graft.merge.analysis.Changes.TensorChanges;
import io.graft.merge.analysis.Curve;
import io.graft.merge.analysis.Overlap;
import io.graft.merge.analysis.Place;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** The tables of an analysis. */
final class AnalysisSheets {

    private final AnalysisReport found;
    private final Changes changes;
    /** Which set of largest changes the tables of places show: the one nearest to a tenth. */
    final int shown;

    AnalysisSheets(AnalysisReport found) {
        this.found = found;
        this.changes = found.changes();
        int nearest = 0;
        for (int i = 0; i < changes.fractions().length; i++) if (Math.abs(changes.fractions()[i] - 0.1) < Math.abs(changes.fractions()[nearest] - 0.1)) nearest = i;
        this.shown = nearest;
    }

    /** All of them; those without a row are left out. */
    List<Sheet> all() {
        List<Sheet> all = new ArrayList<>(List.of(experts(), modules(), layers(), cells(), overlap(), cosines(), lines()));
        all.addAll(List.of(curve("rollback", "Loss while the smallest changes are reverted", percent("reverted", "reverted"), found.rollback()), curve("along", "Loss along the task vector: base + a times it", number("factor", "a"), found.along()), bends(), additivity()));
        all.removeIf(sheet -> sheet.rows().isEmpty());
        return all;
    }

    private String top() { return Text.percent(changes.fractions()[shown]); }

    private Object[] measures(Sums sums, Object... before) {
        Object[] all = java.util.Arrays.copyOf(before, before.length + 4);
        all[before.length] = sums.elements();
        all[before.length + 1] = sums.mean();
        all[before.length + 2] = sums.relative();
        all[before.length + 3] = sums.topShare(shown);
        return all;
    }

    private Sheet sheet(String key, String title, Sheet.Column... before) {
        List<Sheet.Column> columns = new ArrayList<>(List.of(before));
        columns.addAll(List.of(count("elements", "values"), number("mean_change", "mean |change|"), percent("relative", "of base's norm"), percent("top_share", "in largest " + top())));
        return new Sheet(key, title, columns, new ArrayList<>());
    }

    private Sheet experts() {
        Sheet sheet = sheet("experts", "Experts", text("expert", "expert"));
        for (int e = 0; e < changes.experts().size(); e++) sheet.rows().add(measures(changes.total(e), changes.experts().get(e)));
        return sheet;
    }

    private Sheet modules() {
        Sheet sheet = sheet("modules", "By module", text("expert", "expert"), text("module", "module"));
        each((e, name) -> {
            Map<String, Sums> inside = new TreeMap<>(Place.order()), outside = new LinkedHashMap<>();
            grouped(e, TensorChanges::place).forEach((place, sums) -> (place.layer() == Place.OUTSIDE ? outside : inside).merge(place.module(), sums, Sums::plus));
            inside.forEach((module, sums) -> sheet.rows().add(measures(sums, name, module)));
            outside.forEach((module, sums) -> sheet.rows().add(measures(sums, name, "outside: " + module)));
        });
        return sheet;
    }

    private Sheet layers() {
        Sheet sheet = sheet("layers", "By layer", text("expert", "expert"), number("layer", "layer"));
        each((e, name) -> new TreeMap<>(grouped(e, tensor -> tensor.place().layer())).forEach((layer, sums) -> {
            if (layer != Place.OUTSIDE) sheet.rows().add(measures(sums, name, layer));
        }));
        return sheet;
    }

    private Sheet cells() {
        Sheet sheet = sheet("cells", "By layer and module", text("expert", "expert"), number("layer", "layer"), text("module", "module"));
        each((e, name) -> grouped(e, TensorChanges::place).forEach((place, sums) -> sheet.rows().add(measures(sums, name, place.layer() == Place.OUTSIDE ? null : place.layer(), place.module()))));
        return sheet;
    }

    /** How much a tenth of the rows or columns holds of a matrix's change. */
    private Sheet lines() {
        Sheet sheet = new Sheet("rows_and_columns", "Rows and columns: what the strongest tenth holds of a matrix's squared change, most uneven first", text("expert", "expert"), text("tensor", "tensor"), number("rows", "rows"), number("strongest_row", "strongest"),
                percent("row_share", "a tenth holds"), number("columns", "columns"), number("strongest_column", "strongest"), percent("column_share", "a tenth holds"));
        each((e, name) -> {
            for (TensorChanges tensor : changes.tensors()) {
                Sums sums = tensor.experts().get(e);
                if (sums.rows() != null && sums.squares() > 0)
                    sheet.add(name, tensor.name(), sums.rows().count(), sums.rows().strongest(), sums.rows().share(), sums.columns().count(), sums.columns().strongest(), sums.columns().share());
            }
        });
        sheet.rows().sort(Comparator.comparingDouble(row -> -Math.max((Double) row[4], (Double) row[7])));
        return sheet;
    }

    private Sheet overlap() {
        Sheet sheet = new Sheet("overlap", "Are the largest changes of two experts the same parameters? Jaccard index, against chance", text("a", "a"), text("b", "b"), text("kind", "kind"), percent("fraction", "largest"), number("jaccard", "Jaccard"), number("chance", "chance"),
                number("times_chance", "times"), number("chance_by_tensor", "chance by tensor"), number("times_chance_by_tensor", "times"));
        for (AnalysisReport.Pair pair : found.pairs())
            for (int k = 0; k < changes.fractions().length; k++) {
                Overlap overlap = changes.overlap(pair.a(), pair.b(), k);
                sheet.add(changes.experts().get(pair.a()), changes.experts().get(pair.b()), pair.same() ? "same training" : "different", overlap.fraction(), overlap.jaccard(), overlap.chance(), overlap.jaccard() / overlap.chance(), overlap.byTensor(),
                        overlap.jaccard() / overlap.byTensor());
            }
        return sheet;
    }

    private Sheet cosines() {
        Sheet sheet = new Sheet("cosine", "Cosine of two experts' changes", text("a", "a"), text("b", "b"), text("kind", "kind"), text("tensor", "tensor"), number("cosine", "cosine"));
        for (AnalysisReport.Pair pair : found.pairs()) {
            String a = changes.experts().get(pair.a()), b = changes.experts().get(pair.b()), kind = pair.same() ? "same training" : "different";
            sheet.add(a, b, kind, "all", changes.cosine(pair.a(), pair.b(), changes.tensors()));
            for (TensorChanges tensor : changes.tensors()) sheet.add(a, b, kind, tensor.name(), changes.cosine(pair.a(), pair.b(), List.of(tensor)));
        }
        return sheet;
    }

    private static Sheet curve(String key, String title, Sheet.Column x, List<Curve> curves) {
        Sheet sheet = new Sheet(key, title, text("expert", "expert"), text("data", "data"), x, number("loss", "loss"));
        for (Curve curve : curves) for (int i = 0; i < curve.x().length; i++) sheet.add(curve.expert(), curve.data(), curve.x()[i], curve.y()[i]);
        return sheet;
    }

    private Sheet bends() {
        Sheet sheet = new Sheet("linearity", "How far the loss along the task vector is from a straight line, of its rise", text("expert", "expert"), text("data", "data"), percent("bend", "bend"));
        for (Curve curve : found.along()) sheet.add(curve.expert(), curve.data(), curve.bend());
        return sheet;
    }

    private Sheet additivity() {
        Sheet sheet = new Sheet("additivity", "Do two task vectors add up in the layers' outputs? Error of the sum, of the change by both", text("a", "a"), text("b", "b"), number("layer", "into layer"), percent("error", "error"), number("cosine", "cosine"));
        for (Additivity each : found.additivity())
            for (int layer = 0; layer < each.errors().length; layer++) sheet.add(each.first(), each.second(), layer == each.errors().length - 1 ? "out" : Integer.toString(layer), each.errors()[layer], each.cosine()[layer]);
        return sheet;
    }

    private interface Expert {
        void sums(int number, String name);
    }

    private void each(Expert to) {
        for (int e = 0; e < changes.experts().size(); e++) to.sums(e, changes.experts().get(e));
    }

    /** Sums of the tensors that a key puts together, in the order of the tensors. */
    private <K> Map<K, Sums> grouped(int expert, Function<TensorChanges, K> key) { return grouped(expert, key, changes.tensors()); }

    /** The same of some tensors. */
    <K> Map<K, Sums> grouped(int expert, Function<TensorChanges, K> key, List<TensorChanges> tensors) {
        Map<K, Sums> sums = new LinkedHashMap<>();
        for (TensorChanges tensor : tensors) sums.merge(key.apply(tensor), tensor.experts().get(expert), Sums::plus);
        return sums;
    }
}
