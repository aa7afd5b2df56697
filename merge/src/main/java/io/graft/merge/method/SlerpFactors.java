package io.graft.merge.method;

/**
 * Slerp's two factors, from the reductions over both whole tensors.
 *
 * <p>Behaviour of mergekit: the angle is that between the unit vectors (a vector of norm up to 1e-8 is left as it is), the
 * factors apply to the tensors themselves, and where the cosine is beyond 0.9995 either way they are those of linear
 * interpolation. Shoemake 1985.
 *
 * @param base  times the tensor where t = 0
 * @param other times the tensor where t = 1
 */
record SlerpFactors(float base, float other) {

    private static final double NO_NORM = 1e-8, COLINEAR = 0.9995;

    /**
     * The factors.
     *
     * @param bb Σ base·base
     * @param oo Σ other·other
     * @param bo Σ base·other
     * @param t  the place between them
     * @return the factors, rounded to F32
     */
    static SlerpFactors of(double bb, double oo, double bo, double t) {
        double cosine = bo / (norm(bb) * norm(oo));
        if (Math.abs(cosine) > COLINEAR) return new SlerpFactors((float) (1 - t), (float) t);
        double angle = StrictMath.acos(cosine), sine = StrictMath.sin(angle);
        return new SlerpFactors((float) (StrictMath.sin(angle - angle * t) / sine), (float) (StrictMath.sin(angle * t) / sine));
    }

    private static double norm(double squares) {
        double norm = Math.sqrt(squares);
        return norm > NO_NORM ? norm : 1;
    }
}
