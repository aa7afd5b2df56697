package io.graft.merge.experiment;

import io.graft.formats.model.ModelSource;
import io.graft.merge.yaml.YamlValue.Table;
import java.nio.file.Path;

/** How a study trains: what it asks of {@code graft train}. */
interface Training {

    /**
     * Checks settings.
     *
     * @param settings the keys of {@code graft train}, with model, output and seed
     * @throws io.graft.engine.RequestException if anything is wrong with them
     */
    void check(Table settings);

    /**
     * What a training from scratch will make, before it does.
     *
     * @param settings with {@code model: {config: ...}}
     * @return names and shapes; close it
     */
    ModelSource promise(Table settings);

    /**
     * A model that is known by its config alone.
     *
     * @param config the text of its config.json
     * @return names and shapes; close it
     */
    ModelSource untrained(String config);

    /**
     * Trains, going on where an earlier run was killed.
     *
     * @param settings as above; the folder {@code output} appears when the training is done
     * @param folder   the step's folder, which may hold checkpoints; {@code curve.json} is left in it
     * @param threads  that compute
     * @param progress told of every step
     */
    void train(Table settings, Path folder, int threads, Step.Progress progress);
}
