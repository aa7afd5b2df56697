package io.graft.engine.train;

import io.graft.engine.RequestException;
import java.util.List;

/**
 * The learning rate of every step: Transformers' schedules, and a list.
 *
 * <pre>
 *   warm-up   s / w                                        for step s below w (all kinds but CONSTANT and LIST)
 *   p         (s − w) / max(1, n − w)                      progress from the end of the warm-up to step n
 *   LINEAR    m + (1 − m)·(1 − p)
 *   COSINE    m + (1 − m)·(1 + cos(π·p)) / 2
 * </pre>
 * n is the number of steps, m the ratio that is left at the end. Step 0 has rate 0 where there is a warm-up, and LINEAR and
 * COSINE reach their end only after the last step, as Transformers' schedulers do. Computed in double.
 *
 * @param kind     which formula
 * @param peak     the highest rate, 0 or more; unused by LIST
 * @param steps    n, at least 1
 * @param warmup   w, in steps, 0 or more
 * @param minRatio m, from 0 to 1
 * @param rates    LIST's absolute rates, one a step; empty for the others
 */
public record Schedule(Kind kind, double peak, int steps, int warmup, double minRatio, List<Double> rates) {

    /** The formulas. */
    public enum Kind {
        /** The peak at every step; no warm-up. */
        CONSTANT,
        /** The peak after a warm-up. */
        CONSTANT_WITH_WARMUP,
        /** Down a line. */
        LINEAR,
        /** Down half a cosine. */
        COSINE,
        /** As listed. */
        LIST
    }

    /**
     * Checks the numbers.
     *
     * @throws RequestException if one is out of range, or a list has not a rate for every step
     */
    public Schedule {
        if (!(peak >= 0) || Double.isInfinite(peak)) throw new RequestException("schedule", "a learning rate must be a number", "0 or more", peak);
        if (steps < 1) throw new RequestException("schedule", "too few steps", "1 or more", steps);
        if (warmup < 0) throw new RequestException("schedule", "warmup_steps", "0 or more", warmup);
        if (!(minRatio >= 0 && minRatio <= 1)) throw new RequestException("schedule", "min_ratio", "from 0 to 1", minRatio);
        rates = List.copyOf(rates);
        if (kind == Kind.LIST && rates.size() < steps) throw new RequestException("schedule", "rates", steps + " of them, one a step", rates.size());
    }

    /**
     * One of the formulas.
     *
     * @param kind     any but LIST
     * @param peak     the highest rate
     * @param steps    the number of steps
     * @param warmup   steps of warm-up
     * @param minRatio what is left at the end, as a share of the peak
     * @return the schedule
     */
    public static Schedule of(Kind kind, double peak, int steps, int warmup, double minRatio) { return new Schedule(kind, peak, steps, warmup, minRatio, List.of()); }

    /**
     * Rates as listed.
     *
     * @param rates one a step
     * @return the schedule
     */
    public static Schedule of(List<Double> rates) { return new Schedule(Kind.LIST, 0, rates.size(), 0, 0, rates); }

    /**
     * The steps of warm-up that a ratio asks for: {@code ceil(ratio · steps)}.
     *
     * @param ratio from 0 to 1
     * @param steps the number of steps
     * @return steps of warm-up
     */
    public static int warmupSteps(double ratio, int steps) { return (int) Math.ceil(ratio * steps); }

    /**
     * The rate of a step.
     *
     * @param step from 0
     * @return the learning rate
     */
    public double rate(int step) {
        if (kind == Kind.LIST) return rates.get(step);
        if (kind == Kind.CONSTANT) return peak;
        if (step < warmup) return peak * (step / (double) Math.max(1, warmup));
        if (kind == Kind.CONSTANT_WITH_WARMUP) return peak;
        double progress = Math.min(1, (step - warmup) / (double) Math.max(1, steps - warmup));
        double share = kind == Kind.LINEAR ? 1 - progress : 0.5 * (1 + StrictMath.cos(Math.PI * progress));
        return peak * (minRatio + (1 - minRatio) * Math.max(0, share));
    }
}
