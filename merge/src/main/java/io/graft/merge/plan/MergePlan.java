package io.graft.merge.plan;

import com.google.gson.JsonObject;
import io.graft.formats.model.ModelSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A whole merge, ready to run: nothing that planning can find is wrong with it. Owns its open inputs.
 *
 * @param method    the merge method's name
 * @param inputs    the models it reads
 * @param tensors   the output's tensors, in the order of their names as mergekit writes them (by code point)
 * @param config    the output's config.json
 * @param sideFiles the folder whose tokenizer, chat template and generation config are copied; empty if there is none
 * @param metadata  what goes into the safetensors files beside {@code format: pt}: every choice that the recipe left open
 * @param recipe    the recipe's text, as the user wrote it
 * @param warnings  what the user should know, each once
 */
public record MergePlan(String method, List<ModelSource> inputs, List<TensorPlan> tensors, JsonObject config, Optional<Path> sideFiles,
        Map<String, String> metadata, String recipe, List<String> warnings) implements AutoCloseable {

    /** Closes the inputs. */
    @Override
    public void close() {
        for (ModelSource input : inputs) input.close();
    }
}
