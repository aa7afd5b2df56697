package io.graft.engine.autograd;

import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;

/**
 * A weight as the tape sees it. The gradient of one that is trained lives from the first operation that writes it until the tape is told
 * to {@linkplain Tape#forget forget} it, in memory that activations have before and after: all gradients and all activations are never
 * needed together.
 */
public final class Parameter {

    /** Where a gradient is, of a weight and of those that share it. */
    private static final class Place {
        private final Shape shape;
        private final boolean given;
        private Tensor tensor;

        Place(Shape shape, Tensor given) {
            this.shape = shape;
            this.given = given != null;
            tensor = given;
        }
    }

    private final String name;
    private final Tensor value;
    private final Place place;

    private Parameter(String name, Tensor value, Place place) {
        this.name = name;
        this.value = value;
        this.place = place;
    }

    /**
     * A weight whose gradient has memory of its own.
     *
     * @param name     its name
     * @param value    its values; F32 if it is trained, any computable type if it is frozen
     * @param gradient like value, F32, which the backward pass adds to; null if it is frozen
     */
    public Parameter(String name, Tensor value, Tensor gradient) { this(name, value, gradient == null ? null : new Place(gradient.shape(), gradient)); }

    /**
     * A weight that is trained.
     *
     * @param name  its name
     * @param value its values, F32
     * @return the parameter, which has no gradient yet
     */
    public static Parameter trained(String name, Tensor value) { return new Parameter(name, value, new Place(value.shape(), null)); }

    /**
     * A weight without gradient.
     *
     * @param name  its name
     * @param value its values, of any computable type
     * @return the parameter
     */
    public static Parameter frozen(String name, Tensor value) { return new Parameter(name, value, (Place) null); }

    /** {@return the same values without gradient} */
    public Parameter frozen() { return frozen(name, value); }

    /** Other values, whose gradient is that of a part of them: another parameter. */
    static Parameter about(String name, Tensor value, Parameter part) { return new Parameter(name, value, part.place); }

    /** {@return its name} */
    public String name() { return name; }

    /** {@return its values} */
    public Tensor value() { return value; }

    /** {@return whether its gradient is wanted} */
    public boolean isTrained() { return place != null; }

    /** {@return whether there is a gradient} */
    public boolean hasGradient() { return place != null && place.tensor != null; }

    /**
     * The gradient of the last backward pass.
     *
     * @return F32, like the values; open until the tape forgets it or is closed
     * @throws IllegalStateException if there is none: the weight is frozen, rested, or has not been differentiated by
     */
    public Tensor gradient() {
        if (!hasGradient()) throw new IllegalStateException(name + " has no gradient; expected one that is trained, after a backward pass");
        return place.tensor;
    }

    Shape gradientShape() { return place.shape; }

    void putGradient(Tensor gradient) { place.tensor = gradient; }

    /** Gives up a gradient that {@link #putGradient} put; null if there is none, or one with memory of its own. */
    Tensor takeGradient() {
        if (place == null || place.given) return null;
        Tensor taken = place.tensor;
        place.tensor = null;
        return taken;
    }
}
