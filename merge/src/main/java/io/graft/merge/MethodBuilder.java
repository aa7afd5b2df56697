package io.graft.merge;

import io.graft.engine.memory.DType;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.recipe.RecipeReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Builds a recipe of one of mergekit's methods: {@code models}, or {@code slices} of layers. Gradients and filters are given as
 * YAML through {@link Recipes#of}.
 */
public final class MethodBuilder {

    private record Source(String model, int start, int end, Map<String, Double> parameters) {}

    private final String method;
    private final List<Source> models = new ArrayList<>();
    private final List<List<Source>> slices = new ArrayList<>();
    private final Map<String, Object> parameters = new LinkedHashMap<>();
    private Optional<String> base = Optional.empty();
    private Optional<DType> dtype = Optional.empty();

    MethodBuilder(String method) { this.method = method; }

    /**
     * Adds a model without parameters of its own.
     *
     * @param model a model argument
     * @return this
     */
    public MethodBuilder model(String model) { return model(model, Map.of()); }

    /**
     * Adds a model.
     *
     * @param model  a model argument
     * @param weight its weight
     * @return this
     */
    public MethodBuilder model(String model, double weight) { return model(model, Map.of("weight", weight)); }

    /**
     * Adds a model.
     *
     * @param model its argument
     * @param own   its own parameters
     * @return this
     */
    public MethodBuilder model(String model, Map<String, Double> own) {
        models.add(new Source(model, 0, 0, own));
        return this;
    }

    /**
     * Begins the next slice of the output's layers, to which {@link #source} adds.
     *
     * @return this
     */
    public MethodBuilder slice() {
        slices.add(new ArrayList<>());
        return this;
    }

    /**
     * Adds layers of a model to the slice begun last.
     *
     * @param model its argument
     * @param start the first layer
     * @param end   the one after the last
     * @param own   its own parameters
     * @return this
     * @throws IllegalStateException if no slice has begun
     */
    public MethodBuilder source(String model, int start, int end, Map<String, Double> own) {
        if (slices.isEmpty()) throw new IllegalStateException("slice() begins a slice");
        slices.getLast().add(new Source(model, start, end, own));
        return this;
    }

    /**
     * Sets the base model.
     *
     * @param model a model argument
     * @return this
     */
    public MethodBuilder base(String model) {
        base = Optional.of(model);
        return this;
    }

    /**
     * Sets a parameter for all models, or of the method.
     *
     * @param name  such as {@code t}
     * @param value a number
     * @return this
     */
    public MethodBuilder parameter(String name, double value) {
        parameters.put(name, value);
        return this;
    }

    /**
     * Sets a truth value of the method.
     *
     * @param name  such as {@code normalize}
     * @param value its value
     * @return this
     */
    public MethodBuilder parameter(String name, boolean value) {
        parameters.put(name, value);
        return this;
    }

    /**
     * Sets the output's dtype.
     *
     * @param type F32, BF16 or F16
     * @return this
     */
    public MethodBuilder dtype(DType type) {
        dtype = Optional.of(type);
        return this;
    }

    /** {@return the recipe as YAML} */
    public String yaml() {
        RecipeText text = new RecipeText().quoted(0, "merge_method", method);
        base.ifPresent(model -> text.quoted(0, "base_model", model));
        dtype.ifPresent(type -> text.quoted(0, "dtype", type.torchName() == null ? type.name() : type.torchName()));
        if (!parameters.isEmpty()) {
            text.line("parameters:");
            parameters.forEach((name, value) -> text.put(2, RecipeText.quote(name), value));
        }
        if (!models.isEmpty()) {
            text.line("models:");
            for (Source source : models) source(text, source, false, 0);
        }
        if (!slices.isEmpty()) text.line("slices:");
        for (List<Source> slice : slices) {
            text.line("- sources:");
            for (Source source : slice) source(text, source, true, 2);
        }
        return text.toString();
    }

    private static void source(RecipeText text, Source source, boolean ranged, int indent) {
        text.quoted(indent, "- model", source.model());
        if (ranged) text.put(indent + 2, "layer_range", "[" + source.start() + ", " + source.end() + "]");
        if (source.parameters().isEmpty()) return;
        text.line(" ".repeat(indent + 2) + "parameters:");
        source.parameters().forEach((name, value) -> text.put(indent + 4, RecipeText.quote(name), value));
    }

    /**
     * Reads what was built.
     *
     * @return the recipe
     * @throws io.graft.engine.RequestException if something is missing or wrong
     */
    public Recipe build() { return RecipeReader.read(method + " made in Java", yaml()); }
}
