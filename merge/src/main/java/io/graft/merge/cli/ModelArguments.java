package io.graft.merge.cli;

import io.graft.formats.model.ModelSource;
import io.graft.merge.run.Models;

/** What a command's model argument may be. */
final class ModelArguments {

    private ModelArguments() {}

    /**
     * Opens a model.
     *
     * @param argument a folder, a file, {@code folder+adapter}, or a recipe, which is then a merge that nobody writes
     * @return the model; close it
     */
    static ModelSource open(String argument) { return Models.open(argument); }
}
