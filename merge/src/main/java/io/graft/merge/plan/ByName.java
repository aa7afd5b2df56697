package io.graft.merge.plan;

import io.graft.formats.model.SourceTensor;
import java.util.Map;

/** Plans a method that takes two experts, or one, tensor by tensor under the names that they have. */
interface ByName {

    /** {@return the output's names, each with a tensor of that shape} */
    Map<String, SourceTensor> names();

    /** {@return the plan of one tensor; null where findings say why there is none} */
    TensorPlan plan(String name, Trace trace);

    /** Every choice, as it was made. */
    void describe(Map<String, String> metadata);

    /** {@return who gives config and tokenizer} */
    Input donor();
}
