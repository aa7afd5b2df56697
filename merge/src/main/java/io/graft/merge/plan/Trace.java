package io.graft.merge.plan;

import io.graft.merge.recipe.Setting.Effective;

/** Hears where each parameter of a tensor came from, while it is planned; {@link #NONE} is deaf. */
interface Trace {

    Trace NONE = (_, _, _, _) -> {};

    /**
     * One parameter.
     *
     * @param parameter its name
     * @param model     whose it is; empty if the method's
     * @param value     what it came to
     * @param level     which level gave it: model, slice, recipe, default
     */
    void parameter(String parameter, String model, Effective value, String level);
}
