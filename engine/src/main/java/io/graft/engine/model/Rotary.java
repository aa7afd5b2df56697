package io.graft.engine.model;

/**
 * Rotary position embedding of one kind of layer: which frequencies, and what stretches them. Su et al. 2021, arXiv:2104.09864.
 *
 * <p>Everything is computed in double; whoever makes a table rounds once. Angles of float32 lose what the position takes
 * (3e-8 of the angle), which shows in logits from position 10,000 or so.
 *
 * @param dimensions of a head that are rotated: its whole width, an even number
 * @param theta      the base: frequency i is {@code theta^(-2i/dimensions)}
 * @param scaling    what stretches the frequencies
 */
public record Rotary(int dimensions, double theta, Scaling scaling) {

    /** How a model was stretched to longer texts than it was first trained on. */
    public sealed interface Scaling {

        /** Frequencies as they are. */
        record None() implements Scaling {}

        /**
         * All positions divided by a factor.
         *
         * @param factor the divisor
         */
        record Linear(double factor) implements Scaling {}

        /**
         * A base that grows with the length of the text, beyond a length.
         *
         * @param factor how much the length may grow
         * @param length the length up to which nothing changes
         */
        record Dynamic(double factor, long length) implements Scaling {}

        /**
         * Llama 3.1: low frequencies divided, high ones kept, those between blended.
         *
         * @param factor   the divisor of low frequencies
         * @param low      wavelengths over {@code length / low} are divided
         * @param high     wavelengths under {@code length / high} are kept
         * @param length   the length of the first training
         */
        record Llama3(double factor, double low, double high, long length) implements Scaling {}

        /**
         * YaRN: a ramp over the dimensions from kept to divided, and a factor on cosine and sine. Peng et al. 2023, arXiv:2309.00071.
         *
         * @param factor    the divisor of low frequencies
         * @param length    the length of the first training
         * @param fast      turns within that length from which a frequency is kept
         * @param slow      turns below which it is divided
         * @param magnitude the factor on cosine and sine
         * @param whole     whether the ramp's ends are rounded down and up to whole pairs
         */
        record Yarn(double factor, long length, double fast, double slow, double magnitude, boolean whole) implements Scaling {}
    }

    /** {@return the factor that cosine and sine contain; 1 but for YaRN} */
    public double magnitude() { return scaling instanceof Scaling.Yarn yarn ? yarn.magnitude() : 1; }

    /** {@return whether the frequencies depend on the length of the text} */
    public boolean dependsOnLength() { return scaling instanceof Scaling.Dynamic; }

    /**
     * The angle per position of every pair of lanes.
     *
     * @param length of the text so far, the positions being computed included; matters to {@link Scaling.Dynamic} only
     * @return [dimensions / 2]
     */
    public double[] frequencies(long length) {
        double base = theta;
        if (scaling instanceof Scaling.Dynamic dynamic && length > dynamic.length()) {
            double stretch = dynamic.factor() * length / dynamic.length() - (dynamic.factor() - 1);
            base = theta * StrictMath.pow(stretch, dimensions / (dimensions - 2.0));
        }
        double[] frequency = new double[dimensions / 2];
        for (int pair = 0; pair < frequency.length; pair++) frequency[pair] = scaled(StrictMath.pow(base, -2.0 * pair / dimensions), pair);
        return frequency;
    }

    private double scaled(double frequency, int pair) {
        return switch (scaling) {
            case Scaling.None _, Scaling.Dynamic _ -> frequency;
            case Scaling.Linear linear -> frequency / linear.factor();
            case Scaling.Llama3 llama -> llama3(frequency, llama);
            case Scaling.Yarn yarn -> yarn(frequency, pair, yarn);
        };
    }

    private static double llama3(double frequency, Scaling.Llama3 by) {
        double wavelength = 2 * Math.PI / frequency;
        if (wavelength > by.length() / by.low()) return frequency / by.factor();
        if (wavelength < by.length() / by.high()) return frequency;
        double kept = (by.length() / wavelength - by.low()) / (by.high() - by.low());
        return (1 - kept) * frequency / by.factor() + kept * frequency;
    }

    private double yarn(double frequency, int pair, Scaling.Yarn by) {
        double from = pairWithTurns(by.fast(), by.length()), to = pairWithTurns(by.slow(), by.length());
        if (by.whole()) {
            from = Math.floor(from);
            to = Math.ceil(to);
        }
        from = Math.max(from, 0);
        to = Math.min(to, dimensions - 1);
        if (from == to) to += 0.001; // a ramp of no width would divide by zero; PyTorch's takes the same width
        double divided = Math.clamp((pair - from) / (to - from), 0, 1);
        return frequency / by.factor() * divided + frequency * (1 - divided);
    }

    /** The (fractional) pair whose frequency makes this many turns within a length. */
    private double pairWithTurns(double turns, long length) {
        return dimensions * StrictMath.log(length / (turns * 2 * Math.PI)) / (2 * StrictMath.log(theta));
    }
}
