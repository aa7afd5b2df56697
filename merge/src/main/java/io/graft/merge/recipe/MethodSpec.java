package io.graft.merge.recipe;

import static io.graft.merge.recipe.Parameter.integer;
import static io.graft.merge.recipe.Parameter.number;
import static io.graft.merge.recipe.Parameter.perModel;
import static io.graft.merge.recipe.Parameter.truth;
import static io.graft.merge.recipe.Parameter.weight;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/**
 * What a recipe may say about a merge method. All of mergekit's are known, also those that Graft cannot run yet, so that
 * their recipes are refused for what they are.
 *
 * @param name       its name in recipes
 * @param supported  whether Graft runs it
 * @param base       what {@code base_model} is to it
 * @param least      the least number of inputs: of all where the base counts as one, else of those beside the base
 * @param most       the greatest number of them
 * @param parameters its parameters
 */
public record MethodSpec(String name, boolean supported, Base base, int least, int most, List<Parameter> parameters) {

    /** What {@code base_model} is to a method. */
    public enum Base {
        /** It only gives config and tokenizer, unless it is listed as an input. */
        DONOR,
        /** It may be given, and then is what task vectors start from. */
        OPTIONAL,
        /** It must be given, and is one of the inputs counted. */
        COUNTED,
        /** It must be given, and stands beside the inputs counted. */
        REQUIRED
    }

    private static final int MANY = Integer.MAX_VALUE;
    private static final SequencedMap<String, MethodSpec> ALL = new LinkedHashMap<>();

    static {
        add("linear", true, Base.DONOR, 1, MANY, weight(), truth("normalize", true));
        add("slerp", true, Base.COUNTED, 2, 2, number("t", Double.NaN));
        // mergekit takes density, rescale and int8_mask here too, and does nothing with them: they are ignored with a warning.
        add("task_arithmetic", true, Base.REQUIRED, 1, MANY, weight(), truth("normalize", false), number("lambda", 1));
        add("passthrough", true, Base.DONOR, 1, 1, perModel("scale", Double.NaN));
        add("layer_swap", true, Base.OPTIONAL, 2, 2);
        add("reset", true, Base.REQUIRED, 1, 1);
        add("ties", true, Base.REQUIRED, 1, MANY, taskVectors(true, false));
        add("dare_linear", true, Base.REQUIRED, 1, MANY, taskVectors(false, true));
        add("dare_ties", true, Base.REQUIRED, 1, MANY, taskVectors(false, true));
        add("breadcrumbs", true, Base.REQUIRED, 1, MANY, taskVectors(false, false, perModel("gamma", 0.01)));
        add("breadcrumbs_ties", true, Base.REQUIRED, 1, MANY, taskVectors(false, false, perModel("gamma", 0.01)));
        add("della", false, Base.REQUIRED, 1, MANY, taskVectors(true, true, perModel("epsilon", 0.15)));
        add("della_linear", false, Base.REQUIRED, 1, MANY, taskVectors(false, true, perModel("epsilon", 0.15)));
        add("nuslerp", false, Base.OPTIONAL, 2, 2, weight(), truth("nuslerp_flatten", true), truth("nuslerp_row_wise", false));
        add("multislerp", false, Base.OPTIONAL, 1, MANY, weight(), truth("normalize_weights", true), number("eps", 1e-8));
        add("karcher", false, Base.DONOR, 2, MANY, integer("max_iter", 10), number("tol", 1e-5));
        add("model_stock", false, Base.REQUIRED, 2, MANY, truth("filter_wise", false));
        add("nearswap", false, Base.REQUIRED, 1, 1, number("t", Double.NaN));
        add("arcee_fusion", false, Base.REQUIRED, 1, 1);
        add("sce", false, Base.REQUIRED, 1, MANY, number("select_topk", 1), truth("int8_mask", false));
        add("ram", false, Base.REQUIRED, 1, MANY, number("epsilon", 1e-5));
        add("ramplus_tl", false, Base.REQUIRED, 1, MANY, number("epsilon", 1e-5), number("r", 0.1), number("alpha", 0.2));
    }

    private static Parameter[] taskVectors(boolean normalize, boolean rescale, Parameter... more) {
        List<Parameter> all = new ArrayList<>(List.of(weight(), perModel("density", 1), truth("normalize", normalize), truth("rescale", rescale),
                number("lambda", 1), truth("int8_mask", false)));
        all.addAll(List.of(more));
        return all.toArray(Parameter[]::new);
    }

    private static void add(String name, boolean supported, Base base, int least, int most, Parameter... parameters) {
        ALL.put(name, new MethodSpec(name, supported, base, least, most, List.of(parameters)));
    }

    /**
     * A method by its name.
     *
     * @param name as recipes have it
     * @return what is known of it; empty if there is no such method
     */
    public static Optional<MethodSpec> of(String name) { return Optional.ofNullable(ALL.get(name)); }

    /** {@return the names of all methods, those that run first} */
    public static SequencedSet<String> names() { return new LinkedHashSet<>(ALL.keySet()); }

    /** {@return the names of the methods that Graft runs} */
    public static List<String> supportedNames() { return ALL.values().stream().filter(MethodSpec::supported).map(MethodSpec::name).toList(); }

    /** {@return the names of all parameters of all methods} */
    static SequencedSet<String> parameterNames() {
        SequencedSet<String> names = new LinkedHashSet<>();
        for (MethodSpec method : ALL.values()) for (Parameter parameter : method.parameters) names.add(parameter.name());
        return names;
    }

    /**
     * One of its parameters.
     *
     * @param key its name
     * @return the parameter; empty if the method has none of that name
     */
    public Optional<Parameter> parameter(String key) { return parameters.stream().filter(each -> each.name().equals(key)).findFirst(); }
}
