package io.graft.merge.search;

import io.graft.formats.json.Json;
import com.google.gson.JsonPrimitive;
import java.util.List;

/**
 * A merge of three models: coefficients for every unit.
 *
 * @param family what they mean
 * @param units  the units
 * @param values (units, family's size)
 */
public record Coefficients(Family family, List<Unit> units, double[][] values) {

    /** The same everywhere. */
    static Coefficients same(Family family, List<Unit> units, double... each) {
        double[][] values = new double[units.size()][];
        for (int unit = 0; unit < values.length; unit++) values[unit] = each.clone();
        return new Coefficients(family, units, values);
    }

    /** (units, 3): the weights of base, math and language. */
    double[][] weights() {
        double[][] weights = new double[values.length][];
        for (int unit = 0; unit < weights.length; unit++) weights[unit] = family.weights(values[unit]);
        return weights;
    }

    /**
     * The merge as an ordinary recipe, which mergekit reads too.
     *
     * @param experts the models
     * @param remark  lines that say where it comes from, each beginning with {@code #}; may be empty
     * @return YAML
     */
    public String recipe(Experts experts, String remark) {
        StringBuilder text = new StringBuilder(remark);
        text.append("merge_method: ").append(family == Family.TASK_ARITHMETIC ? "task_arithmetic" : "linear").append('\n');
        text.append("base_model: ").append(quote(experts.base())).append('\n');
        if (family != Family.TASK_ARITHMETIC) text.append("parameters:\n  normalize: false\n");
        text.append("models:\n");
        for (int model = 1; model <= 2; model++) {
            text.append("  - model: ").append(quote(experts.of(model))).append("\n    parameters:\n      weight:\n");
            for (int unit = 0; unit < values.length; unit++) {
                double value = family == Family.TASK_ARITHMETIC ? values[unit][model - 1] : family.weights(values[unit])[model];
                for (String filter : units.get(unit).filters()) text.append("        - {filter: ").append(quote(filter)).append(", value: ").append(number(value)).append("}\n");
            }
        }
        return text.toString();
    }

    /** Exact in F32, which is what the merge computes with; never with an exponent, which YAML may read as a text. */
    private static String number(double value) { return new java.math.BigDecimal(Float.toString((float) value)).toPlainString(); }

    static String quote(String text) { return Json.line(new JsonPrimitive(text)); }
}
