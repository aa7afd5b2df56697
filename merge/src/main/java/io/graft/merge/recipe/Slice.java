package io.graft.merge.recipe;

import io.graft.merge.yaml.Mark;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Layers of the output that are made from the same inputs. A recipe with {@code models} is one slice of all layers.
 *
 * @param sources    its inputs, one or more, in order
 * @param base       its own {@code base_model}
 * @param parameters the parameters of this level
 * @param mark       where it stands
 */
public record Slice(List<Source> sources, Optional<ModelRef> base, Map<String, Setting> parameters, Mark mark) {}
