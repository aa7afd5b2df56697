package io.graft.engine.memory;

import java.util.Arrays;

/**
 * The sizes of a tensor, outermost first, row-major. Rank 0 is one element; a 0 among the sizes makes it empty.
 * Immutable.
 */
public final class Shape {

    private final long[] sizes;
    private final long elements;

    private Shape(long[] sizes) {
        long product = 1;
        boolean empty = false;
        for (long size : sizes) {
            if (size < 0) throw new IllegalArgumentException("shape " + Arrays.toString(sizes) + " has a negative size");
            if (size == 0) empty = true;
        }
        if (empty) product = 0;
        else for (long size : sizes) product = Math.multiplyExact(product, size);
        this.sizes = sizes;
        this.elements = product;
    }

    /**
     * A shape of these sizes.
     *
     * @param sizes outermost first; copied
     * @return the shape
     * @throws IllegalArgumentException if a size is negative
     * @throws ArithmeticException      if the number of elements is over 63 bits
     */
    public static Shape of(long... sizes) { return new Shape(sizes.clone()); }

    /** {@return the number of dimensions} */
    public int rank() { return sizes.length; }

    /**
     * One size.
     *
     * @param dimension from 0, or from -1 for the last
     * @return that size
     */
    public long size(int dimension) { return sizes[dimension < 0 ? sizes.length + dimension : dimension]; }

    /** {@return the number of elements, 1 for rank 0} */
    public long elements() { return elements; }

    /** {@return the length of a row: the last size, 1 for rank 0} */
    public long columns() { return sizes.length == 0 ? 1 : sizes[sizes.length - 1]; }

    /** {@return the number of rows: the product of all sizes but the last; 1 for ranks 0 and 1} */
    public long rows() {
        long product = 1;
        for (int i = 0; i + 1 < sizes.length; i++) product *= sizes[i];
        return product;
    }

    /** {@return a copy of the sizes} */
    public long[] toArray() { return sizes.clone(); }

    @Override
    public boolean equals(Object other) { return other instanceof Shape shape && Arrays.equals(sizes, shape.sizes); }

    @Override
    public int hashCode() { return Arrays.hashCode(sizes); }

    /** {@return the sizes as PyTorch prints them, such as {@code [2, 3]}} */
    @Override
    public String toString() { return Arrays.toString(sizes); }
}
