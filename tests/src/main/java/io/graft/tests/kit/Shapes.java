package io.graft.tests.kit;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;

/** Arbitraries of shapes. */
public final class Shapes {

    private Shapes() {}

    /**
     * Shapes of ranks 0 to 4 with sizes of 0 to 9: rank 0 and empty ones are among them.
     *
     * @return any small shape
     */
    public static Arbitrary<Shape> small() {
        return Arbitraries.longs().between(0, 9).array(long[].class).ofMaxSize(4).map(Shape::of);
    }

    /**
     * Small shapes of which a dtype's elements fill whole bytes.
     *
     * @param dtype the element type
     * @return shapes that a file can hold
     */
    public static Arbitrary<Shape> of(DType dtype) { return small().filter(shape -> shape.elements() * dtype.bits() % 8 == 0); }
}
