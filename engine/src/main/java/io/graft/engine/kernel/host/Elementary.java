package io.graft.engine.kernel.host;

/**
 * exp and tanh in single precision: the definition, which vector kernels repeat step by step, so that all give the same bits.
 *
 * <p>x = n ln 2 + r, |r| at most ln 2 / 2; exp(r) - 1 = r + r^2 q(r), q of degree 4 fitted to least relative error (1.4e-8 before
 * rounding; the constants came from an iterated weighted least-squares fit at 400 Chebyshev nodes). No branch, no table.
 */
public final class Elementary {

    /** log2 e. */
    public static final float LOG2_E = 0x1.715476p0f;
    /** Adding it rounds to an integer, which then stands in the low bits: 1.5 2^23. */
    public static final float ROUNDER = 0x1.8p23f;
    /** The bits of {@link #ROUNDER}. */
    public static final int ROUNDER_BITS = 0x4B400000;
    /** ln 2 to 11 bits, so that n times it is exact. */
    public static final float LN2_HIGH = 0x1.63p-1f;
    /** ln 2 less {@link #LN2_HIGH}. */
    public static final float LN2_LOW = -0x1.bd0106p-13f;
    /** q's coefficients, from the constant term. */
    public static final float Q0 = 0.5f, Q1 = 0x1.5554b0p-3f, Q2 = 0x1.555486p-5f, Q3 = 0x1.122836p-7f, Q4 = 0x1.6d9950p-10f;
    /** Beyond these exp is 0 and infinity; between them 2^n is a product of two normal floats. */
    public static final float EXP_LOW = -150, EXP_HIGH = 128;
    /** Beyond it tanh is 1 in single precision. */
    public static final float TANH_HIGH = 10;

    /** The exponent of GeGLU's sigmoid is x (LINEAR + CUBIC x^2): -2 sqrt(2/pi) (x + 0.044715 x^3). */
    public static final float GELU_LINEAR = (float) -1.5957691216057308, GELU_CUBIC = (float) (-1.5957691216057308 * 0.044715);

    private Elementary() {}

    /**
     * e to the power of x.
     *
     * @param x any; NaN gives NaN
     * @return it, within 1.5 units in the last place where normal, with gradual underflow to 0
     */
    public static float exp(float x) {
        float v = Math.min(Math.max(x, EXP_LOW), EXP_HIGH);
        float t = Math.fma(v, LOG2_E, ROUNDER);
        int n = Float.floatToRawIntBits(t) - ROUNDER_BITS;
        int half = n >> 1;
        return (expMinus1(v, t - ROUNDER) + 1) * power(half) * power(n - half);
    }

    /**
     * The hyperbolic tangent: (e^2x - 1) / (e^2x + 1), the numerator without cancellation.
     *
     * @param x any; NaN gives NaN
     * @return it, within 3 units in the last place
     */
    public static float tanh(float x) {
        float v = Math.min(Math.max(x, -TANH_HIGH), TANH_HIGH) * 2;
        float t = Math.fma(v, LOG2_E, ROUNDER);
        float power = power(Float.floatToRawIntBits(t) - ROUNDER_BITS);
        float m = Math.fma(power, expMinus1(v, t - ROUNDER), power - 1);
        return m / (m + 2);
    }

    /** exp(r) - 1, r = v - n ln 2. */
    private static float expMinus1(float v, float n) {
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, v));
        float q = Math.fma(Math.fma(Math.fma(Math.fma(Q4, r, Q3), r, Q2), r, Q1), r, Q0);
        return Math.fma(r * r, q, r);
    }

    private static float power(int n) { return Float.intBitsToFloat(n + 127 << 23); }
}
