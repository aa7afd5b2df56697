package io.graft.merge.experiment;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.formats.model.BorrowedModel;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelSources;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.Planner;
import io.graft.merge.recipe.Recipe;
import io.graft.merge.run.VirtualMerge;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A model of a study: one that is there, one that a step makes, or a merge that is never written. */
sealed interface Node {

    /** What messages call it. */
    String label();

    /** Hash of what it is: equal keys, equal weights. */
    String key();

    /** The steps that must be done before it can be opened. */
    List<Step> steps();

    /** What is known of it before: names and shapes, for planning. Closing it closes nothing. */
    ModelSource promise();

    /** The model itself; the pool closes it. */
    ModelSource open(Pool pool);

    /** The model itself, opened for one who closes it. */
    default ModelSource lent(Pool pool) { return this instanceof Merged || this instanceof Permuted ? open(pool) : openArgument(argument(this, pool)); }

    /** Whether merges with it are controls, since it is of another base. */
    boolean foreign();

    /** Models that are open, each once, until the study ends. */
    interface Pool {

        /** A model by its argument. */
        ModelSource argument(String argument);

        /** The folder of a step that is done. */
        Path folder(Step step);
    }

    /**
     * A model argument.
     *
     * @param label    what messages call it
     * @param argument as commands take it
     * @param key      hash of its files
     * @param promise  it, open
     * @param foreign  whether it is of another base
     */
    record Given(String label, String argument, String key, ModelSource promise, boolean foreign) implements Node {
        @Override
        public List<Step> steps() { return List.of(); }

        @Override
        public ModelSource open(Pool pool) { return pool.argument(argument); }
    }

    /**
     * What a step makes: a folder of a model, or of an adapter of its base.
     *
     * @param label   what messages call it
     * @param step    makes it, in {@code model} within its folder
     * @param base    what an adapter is applied to
     * @param promise names and shapes
     * @param adapter whether it is an adapter
     */
    record Made(String label, Step step, Node base, ModelSource promise, boolean adapter) implements Node {
        @Override
        public String key() { return step.key(); }

        @Override
        public List<Step> steps() { return List.of(step); }

        @Override
        public boolean foreign() { return false; }

        @Override
        public ModelSource open(Pool pool) {
            Path folder = pool.folder(step).resolve("model");
            return pool.argument(Files.exists(folder.resolve("adapter_config.json")) ? argument(base, pool) + "+" + folder : folder.toString());
        }
    }

    /** How a command would name a model, which must be no merge. */
    static String argument(Node node, Pool pool) {
        return switch (node) {
            case Given given -> given.argument;
            case Made made -> {
                Path folder = pool.folder(made.step).resolve("model");
                yield made.adapter ? argument(made.base, pool) + "+" + folder : folder.toString();
            }
            default -> throw new RequestException(node.label(), "a merge that is not written has no name on disk");
        };
    }

    /** Another model with its units in another order. */
    record Permuted(String label, Node of, long seed, String key) implements Node {
        @Override
        public List<Step> steps() { return of.steps(); }

        @Override
        public ModelSource promise() { return new PromisedModel(label, of.promise()); }

        @Override
        public boolean foreign() { return true; }

        @Override
        public ModelSource open(Pool pool) { return new Permutation(new BorrowedModel(of.open(pool)), seed); }
    }

    /**
     * A merge.
     *
     * @param label   what messages call it
     * @param recipe  of models by the names that stand in it
     * @param inputs  those models
     * @param promise planned over promises
     * @param key     hash of what its tensors are made of
     */
    record Merged(String label, Recipe recipe, Map<String, Node> inputs, ModelSource promise, String key) implements Node {
        @Override
        public List<Step> steps() { return inputs.values().stream().flatMap(each -> each.steps().stream()).distinct().toList(); }

        @Override
        public boolean foreign() { return inputs.values().stream().anyMatch(Node::foreign); }

        @Override
        public ModelSource open(Pool pool) { return new VirtualMerge(label, plan(pool)); }

        /** Planned over the models themselves. */
        MergePlan plan(Pool pool) { return Planner.plan(recipe, opener(inputs, node -> node.open(pool))); }
    }

    /** Opens the names of a recipe. */
    static Function<String, ModelSource> opener(Map<String, Node> inputs, Function<Node, ModelSource> open) {
        return name -> {
            Node node = inputs.get(name);
            if (node == null) throw new RequestException(name, "no model of this study");
            return new BorrowedModel(open.apply(node));
        };
    }

    /** A model for a pool. */
    static ModelSource openArgument(String argument) { return ModelSources.open(argument); }

    /** A tree that says of a model what its weights do not: its config without names. */
    static JsonObject plainConfig(ModelSource model) {
        JsonObject config = Json.parse(model.name(), Json.line(model.config())).getAsJsonObject();
        for (String key : List.of("_name_or_path", "transformers_version", "torch_dtype", "dtype")) config.remove(key);
        return config;
    }
}
