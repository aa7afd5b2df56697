package io.graft.merge.experiment;

import io.graft.merge.yaml.YamlValue;
import io.graft.merge.yaml.YamlValue.Number;
import io.graft.merge.yaml.YamlValue.Table;

/** A study made smaller for a first look. */
final class Fractions {

    private Fractions() {}

    /** A training with a part of its steps; the schedule keeps its shape, since warm-up shrinks with it. */
    static Table training(Table settings, double fraction) {
        if (fraction >= 1) return settings;
        Table smaller = scaled(settings, "max_steps", fraction, true);
        smaller = scaled(smaller, "epochs", fraction, false);
        if (Tables.get(smaller, "schedule") instanceof Table schedule) smaller = Tables.with(smaller, "schedule", scaled(schedule, "warmup_steps", fraction, true));
        return smaller;
    }

    private static Table scaled(Table table, String key, double fraction, boolean whole) {
        if (!(Tables.get(table, key) instanceof Number number)) return table;
        double value = number.value() * fraction;
        if (whole) value = number.value() == 0 ? 0 : Math.max(1, Math.rint(value));
        YamlValue scaled = new Number(value, whole ? Long.toString((long) value) : Double.toString(value), number.mark());
        return Tables.with(table, key, scaled);
    }
}
