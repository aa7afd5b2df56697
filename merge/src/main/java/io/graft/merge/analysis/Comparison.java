package io.graft.merge.analysis;

/**
 * What one pass over two tensors adds up, and the measures that follow. Sums are F64, in an order that no number of threads
 * changes. Without a base the compared vectors are the weights A and B; with one they are the task vectors A - base and
 * B - base. The reference is the base, or A without one.
 *
 * @param elements  how many were compared
 * @param odd       how many were left out because a value is infinite or not a number
 * @param reference sum of squares of the reference
 * @param first     sum of squares of the first vector
 * @param second    sum of squares of the second vector
 * @param product   sum of the products of the two
 * @param change    sum of squares of B - A
 * @param differ    elements in which A and B differ
 * @param present   elements in which at least one of the two vectors is not zero
 * @param agree     those of them with the same sign in both
 */
public record Comparison(long elements, long odd, double reference, double first, double second, double product, double change, long differ, long present, long agree) {

    /** Of nothing. */
    public static final Comparison NONE = new Comparison(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /**
     * Both together.
     *
     * @param other of other elements
     * @return the sums
     */
    public Comparison plus(Comparison other) {
        return new Comparison(elements + other.elements, odd + other.odd, reference + other.reference, first + other.first, second + other.second,
                product + other.product, change + other.change, differ + other.differ, present + other.present, agree + other.agree);
    }

    /** {@return the norm of B - A} */
    public double norm() { return Math.sqrt(change); }

    /** {@return the norm of B - A over that of the reference; NaN where the reference is zero and B - A is not} */
    public double relative() { return ratio(change); }

    /** {@return the norm of the first vector: A, or A's task vector} */
    public double firstNorm() { return Math.sqrt(first); }

    /** {@return the norm of the second vector: B, or B's task vector} */
    public double secondNorm() { return Math.sqrt(second); }

    /** {@return the norm of the first vector over that of the reference} */
    public double firstRelative() { return ratio(first); }

    /** {@return the norm of the second vector over that of the reference} */
    public double secondRelative() { return ratio(second); }

    /** {@return the cosine of the two vectors; NaN where one of them is zero} */
    public double cosine() {
        double scale = Math.sqrt(first) * Math.sqrt(second);
        return scale == 0 ? Double.NaN : Math.clamp(product / scale, -1.0, 1.0);
    }

    /** {@return the share of elements with equal signs, of those that are not zero in both; NaN where all are} */
    public double signAgreement() { return present == 0 ? Double.NaN : (double) agree / present; }

    /** {@return the share of elements in which A and B differ} */
    public double changed() { return elements == 0 ? 0 : (double) differ / elements; }

    private double ratio(double squares) { return squares == 0 ? 0 : reference == 0 ? Double.NaN : Math.sqrt(squares) / Math.sqrt(reference); }
}
