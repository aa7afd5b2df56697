package io.graft.merge.recipe;

import io.graft.merge.recipe.Setting.Branch;
import io.graft.merge.yaml.YamlValue.Entry;
import io.graft.merge.yaml.YamlValue.Items;
import io.graft.merge.yaml.YamlValue.Table;
import io.graft.merge.yaml.YamlValue.Text;
import io.graft.merge.yaml.YamlValue.Truth;
import io.graft.merge.yaml.YamlValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/** Reads {@code parameters}: which keys a method knows, which are only another's, and the settings themselves. */
final class SettingReader {

    private final RecipeBinder bind;
    private final MethodSpec method;

    SettingReader(RecipeBinder bind, MethodSpec method) {
        this.bind = bind;
        this.method = method;
    }

    /**
     * The parameters of one level.
     *
     * @param value    what stands under {@code parameters}; null if nothing does
     * @param perModel whether the level is a model's, which sees no parameter of the method itself
     */
    Map<String, Setting> read(YamlValue value, boolean perModel) {
        SequencedMap<String, Setting> settings = new LinkedHashMap<>();
        if (value == null || value instanceof YamlValue.Nothing) return settings;
        Table table = bind.table(value, "parameters");
        if (table != null) table.entries().forEach((key, entry) -> {
            Optional<Parameter> parameter = known(key, entry, perModel);
            if (parameter.isEmpty()) return;
            Setting setting = setting(entry.value(), parameter.get(), true);
            if (setting != null) settings.put(key, setting);
        });
        return settings;
    }

    private Optional<Parameter> known(String key, Entry entry, boolean perModel) {
        Optional<Parameter> parameter = method.parameter(key);
        if (parameter.isEmpty()) {
            if (MethodSpec.parameterNames().contains(key)) bind.problems.warn(entry.key().file() + ": '" + key + "' has no meaning for " + method.name() + " and is ignored");
            else bind.unknown(entry.key(), key, "parameters", method.parameters().stream().map(Parameter::name).toList());
            return Optional.empty();
        }
        if (!perModel || parameter.get().perModel()) return parameter;
        if (parameter.get().required()) {
            bind.problems.add(entry.key(), key + " belongs to the method " + method.name() + " and is not seen under a model", null, null,
                    "put it under the parameters of the recipe or of a slice");
        } else bind.problems.warn(entry.key() + ": '" + key + "' belongs to the method, is not seen under a model and is ignored");
        return Optional.empty();
    }

    private Setting setting(YamlValue value, Parameter parameter, boolean choices) {
        return switch (value) {
            case Items list when list.items().isEmpty() -> wrong(value, parameter, "an empty list");
            case Items list when list.items().getFirst() instanceof Table && choices -> {
                List<Branch> branches = new ArrayList<>();
                for (YamlValue item : list.items()) {
                    if (item instanceof Table table) branch(table, parameter).ifPresent(branches::add);
                    else wrong(item, parameter, "a value among filters");
                }
                unreachable(list, branches);
                yield branches.isEmpty() ? null : new Setting.Choice(branches, value.mark());
            }
            case Items list -> {
                List<Double> values = new ArrayList<>();
                for (YamlValue item : list.items()) {
                    Double number = number(item, parameter);
                    if (number == null) yield null;
                    values.add(number);
                }
                yield new Setting.Gradient(List.copyOf(values), value.mark());
            }
            case Table table when choices -> branch(table, parameter).map(branch -> (Setting) new Setting.Choice(List.of(branch), value.mark())).orElse(null);
            default -> {
                Double number = number(value, parameter);
                yield number == null ? null : new Setting.Fixed(number, value.mark());
            }
        };
    }

    private Optional<Branch> branch(Table table, Parameter parameter) {
        bind.onlyKeys(table, parameter.name(), List.of("filter", "value"));
        Entry value = table.entries().get("value"), filter = table.entries().get("filter");
        if (value == null) {
            bind.problems.add(table.mark(), "value is missing in an entry of " + parameter.name());
            return Optional.empty();
        }
        Setting setting = setting(value.value(), parameter, false);
        if (setting == null) return Optional.empty();
        if (filter == null || filter.value() instanceof YamlValue.Nothing) return Optional.of(new Branch(Optional.empty(), setting));
        String text = bind.text(filter.value(), "filter");
        return text == null ? Optional.empty() : Optional.of(new Branch(Optional.of(text), setting));
    }

    private void unreachable(Items list, List<Branch> branches) {
        for (int i = 0; i + 1 < branches.size(); i++) {
            if (branches.get(i).filter().filter(filter -> !filter.equals("*")).isEmpty()) {
                bind.problems.warn(list.items().get(i + 1).mark() + ": never reached: the entry before it is for all names, and the first that matches decides");
                return;
            }
        }
    }

    /** A number of the parameter's kind; quoted numbers count, as in mergekit. */
    private Double number(YamlValue value, Parameter parameter) {
        Double number = switch (value) {
            case YamlValue.Number n -> (Double) n.value();
            case Truth truth -> (Double) (truth.value() ? 1.0 : 0.0);
            case Text text -> parsed(text.text());
            default -> null;
        };
        String wanted = switch (parameter.kind()) {
            case NUMBER -> number != null ? null : "a number";
            case INTEGER -> number != null && number == Math.rint(number) ? null : "a whole number";
            case TRUTH -> number != null && (number == 0 || number == 1) ? null : "true or false";
        };
        if (wanted == null) return number;
        bind.problems.add(value.mark(), parameter.name() + " has a value that it cannot have", wanted, value.kind());
        return null;
    }

    private static Double parsed(String text) {
        try {
            double value = Double.parseDouble(text.strip());
            // parseDouble also reads 1f, 1d, hexadecimal floats and NaN, which no one means here.
            return Double.isFinite(value) && text.strip().matches("[-+]?[0-9.]+([eE][-+]?[0-9]+)?") ? value : null;
        } catch (NumberFormatException none) {
            return null;
        }
    }

    private Setting wrong(YamlValue value, Parameter parameter, String found) {
        bind.problems.add(value.mark(), parameter.name() + " has a value that it cannot have", "a number, a list of numbers, or entries of filter and value", found);
        return null;
    }
}
