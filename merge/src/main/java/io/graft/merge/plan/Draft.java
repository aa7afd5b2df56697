package io.graft.merge.plan;

import io.graft.formats.model.SourceTensor;
import io.graft.merge.recipe.Slice;
import io.graft.merge.recipe.Source;
import java.util.List;

/**
 * An output tensor before its parameters are known: which input tensors go into it.
 *
 * @param name  its name in the output
 * @param slice whose parameters it has
 * @param t     its layer's place in the slice, 0 to 1; 0 for what is in no layer
 * @param role  of a tensor outside the layers; null inside
 * @param uses  the inputs, in the order of the slice's sources
 * @param base  which of them is the base model's; -1 if none is
 */
record Draft(String name, Slice slice, double t, Role role, List<Use> uses, int base) {

    /**
     * One input of a tensor.
     *
     * @param source the source in the recipe, whose parameters count
     * @param input  the model
     * @param tensor its tensor
     * @param name   what filters see: the tensor's name in that model
     */
    record Use(Source source, Input input, SourceTensor tensor, String name) {

        Use with(SourceTensor other) { return new Use(source, input, other, name); }
    }

    Draft with(List<Use> others) { return new Draft(name, slice, t, role, others, base); }
}
