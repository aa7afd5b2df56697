package io.graft.merge.analysis;

import io.graft.formats.model.ModelSource;

/** One number of a model: the height of a curve. */
@FunctionalInterface
public interface Measure {

    /**
     * Measures a model.
     *
     * @param model the model; closed by this
     * @return the number, such as a loss
     */
    double of(ModelSource model);
}
