package io.graft.merge.plan;

import com.google.gson.JsonObject;
import io.graft.formats.model.ModelSource;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A whole merge, ready to run: nothing that planning can find is wrong with it. Owns its open inputs.
 *
 * @param method    the merge method's name
 * @param inputs    the models it reads
 * @param tensors   the output's tensors, in the order of their names as mergekit writes them (by code point)
 * @param config    the output's config.json; of an adapter its adapter_config.json
 * @param sideFiles the folder whose tokenizer, chat template and generation config are copied; empty if there is none
 * @param metadata  what goes into the safetensors files beside {@code format: pt}: every choice that the recipe left open
 * @param recipe    the recipe's text, as the user wrote it
 * @param warnings  what the user should know, each once
 * @param sideTexts side files that stand in no folder, by name, as {@link ModelSource#sideFiles} gives them; over those of the folder
 * @param adapter   whether the output is a PEFT adapter: {@code adapter_model.safetensors}, not in shards, and
 *                  {@code adapter_config.json} in the place of a model's files
 */
public record MergePlan(String method, List<ModelSource> inputs, List<TensorPlan> tensors, JsonObject config, Optional<Path> sideFiles,
        Map<String, String> metadata, String recipe, List<String> warnings, SequencedMap<String, String> sideTexts, boolean adapter) implements AutoCloseable {

    /**
     * A plan of a whole model without side files of its own making.
     *
     * @param method    the merge method's name
     * @param inputs    the models it reads
     * @param tensors   the output's tensors
     * @param config    the output's config.json
     * @param sideFiles the folder of tokenizer, chat template and generation config
     * @param metadata  what goes into the safetensors files
     * @param recipe    the recipe's text
     * @param warnings  what the user should know
     */
    public MergePlan(String method, List<ModelSource> inputs, List<TensorPlan> tensors, JsonObject config, Optional<Path> sideFiles, Map<String, String> metadata, String recipe, List<String> warnings) {
        this(method, inputs, tensors, config, sideFiles, metadata, recipe, warnings, new LinkedHashMap<>(), false);
    }

    /** Closes the inputs. */
    @Override
    public void close() {
        for (ModelSource input : inputs) input.close();
    }
}
