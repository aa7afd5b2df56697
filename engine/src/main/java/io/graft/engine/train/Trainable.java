package io.graft.engine.train;

/** Says which weights are trained. */
@FunctionalInterface
public interface Trainable {

    /**
     * Whether a weight is trained.
     *
     * @param name such as {@code model.layers.3.mlp.up_proj.weight}
     * @return false if it is frozen
     */
    boolean trains(String name);
}
