package io.graft.merge.plan;

import io.graft.merge.plan.Draft.Use;
import io.graft.merge.recipe.Parameter;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.recipe.Setting;
import io.graft.merge.recipe.Setting.Effective;
import java.util.Map;
import java.util.Optional;

/**
 * Finds a tensor's parameters: the model's own first, then the slice's, then the recipe's, then the method's default; a level
 * whose filters match nothing is passed over. Filters see the output's name for the method's parameters and the input's
 * name for a model's.
 */
final class Parameters {

    private final Recipe recipe;
    private final Findings findings;
    private final Trace trace;

    Parameters(Recipe recipe, Findings findings, Trace trace) {
        this.recipe = recipe;
        this.findings = findings;
        this.trace = trace;
    }

    /** A number of the method. */
    double number(Draft draft, String name) {
        Parameter parameter = recipe.method().parameter(name).orElseThrow();
        Optional<Effective> value = from(draft.slice().parameters(), name, draft.name(), draft.t()).map(it -> heard(name, "", it, "slice"))
                .or(() -> from(recipe.parameters(), name, draft.name(), draft.t()).map(it -> heard(name, "", it, "recipe")));
        return value.map(it -> checked(parameter, draft, it)).orElseGet(() -> standard(parameter, draft, null));
    }

    /** A truth value of the method. */
    boolean truth(Draft draft, String name) { return number(draft, name) != 0; }

    /** A number of one model. */
    double number(Draft draft, Use use, String name) {
        Parameter parameter = recipe.method().parameter(name).orElseThrow();
        String model = use.input().toString();
        Optional<Effective> value = from(use.source().parameters(), name, use.name(), draft.t()).map(it -> heard(name, model, it, "model"))
                .or(() -> from(draft.slice().parameters(), name, use.name(), draft.t()).map(it -> heard(name, model, it, "slice")))
                .or(() -> from(recipe.parameters(), name, use.name(), draft.t()).map(it -> heard(name, model, it, "recipe")));
        return value.map(it -> checked(parameter, draft, it)).orElseGet(() -> standard(parameter, draft, use));
    }

    private static Optional<Effective> from(Map<String, Setting> level, String name, String tensor, double t) {
        Setting setting = level.get(name);
        return setting == null ? Optional.empty() : setting.at(tensor, t);
    }

    private Effective heard(String name, String model, Effective value, String level) {
        trace.parameter(name, model, value, level);
        return value;
    }

    /** A gradient of truth values may come to a half. */
    private double checked(Parameter parameter, Draft draft, Effective value) {
        boolean fits = switch (parameter.kind()) {
            case NUMBER -> true;
            case INTEGER -> value.value() == Math.rint(value.value());
            case TRUTH -> value.value() == 0 || value.value() == 1;
        };
        if (!fits) {
            findings.add("kind " + parameter.name() + value.mark(), value.mark().toString(), parameter.name() + " comes to a value that it cannot have, for " + draft.name(),
                    parameter.kind() == Parameter.Kind.TRUTH ? "0 or 1" : "a whole number", value.value() + " (" + value.how() + ")", null);
        }
        return value.value();
    }

    private double standard(Parameter parameter, Draft draft, Use use) {
        if (parameter.required()) {
            String where = use == null ? draft.slice().mark().toString() : use.source().mark().toString();
            String whose = use == null ? "the method " + recipe.method().name() : use.input().toString();
            findings.add("missing " + parameter.name() + where, where, parameter.name() + " is missing for " + whose + ", for " + draft.name(), null, null,
                    use == null ? "put it under the parameters of the recipe or of the slice" : "put it under that model's parameters, or under the recipe's for all models");
            return 0;
        }
        trace.parameter(parameter.name(), use == null ? "" : use.input().toString(), new Effective(parameter.standard(), null, ""), "default");
        return parameter.standard();
    }
}
