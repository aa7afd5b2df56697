package io.graft.merge.recipe;

import io.graft.merge.yaml.Mark;
import java.util.Map;
import java.util.Optional;

/**
 * One input of a slice.
 *
 * @param model      the model
 * @param layers     the layers that it gives; empty for all
 * @param parameters its own parameters
 * @param mark       where it stands
 */
public record Source(ModelRef model, Optional<LayerRange> layers, Map<String, Setting> parameters, Mark mark) {

    /**
     * Layers from one to before another.
     *
     * @param start the first, from 0
     * @param end   the one after the last
     * @param mark  where it stands
     */
    public record LayerRange(int start, int end, Mark mark) {

        /** {@return how many} */
        public int length() { return end - start; }
    }
}
