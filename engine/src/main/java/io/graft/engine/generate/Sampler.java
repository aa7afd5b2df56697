package io.graft.engine.generate;

import io.graft.engine.RunException;
import java.util.BitSet;

/**
 * Chooses tokens of one text. Draws one random number a token, from SplitMix64 (Steele, Lea and Flood 2014) started at the
 * seed; sums in double, from the most likely token down where a top-k or top-p sorts them, else by id; exponentials by StrictMath.
 * So a text depends on its seed and its logits only. For one thread; allocates nothing after the first token.
 */
public final class Sampler {

    private final Sampling sampling;
    private final BitSet seen = new BitSet();
    private long state;
    private float[] scores = {};
    private int[] order = {};
    private double[] shares = {};

    /**
     * A sampler of a new text.
     *
     * @param sampling how to choose
     */
    public Sampler(Sampling sampling) {
        this.sampling = sampling;
        this.state = sampling.seed();
    }

    /**
     * Notes a token of the text, for the repetition penalty.
     *
     * @param id the token
     */
    public void saw(int id) { seen.set(id); }

    /**
     * Chooses a token. Does not {@linkplain #saw note} it.
     *
     * @param logits of every token; left as they are
     * @param count  how many there are
     * @return the token's id
     * @throws RunException if the largest logit is no finite number
     */
    public int choose(float[] logits, int count) {
        if (scores.length < count) {
            scores = new float[count];
            order = new int[count];
            shares = new double[count];
        }
        System.arraycopy(logits, 0, scores, 0, count);
        if (sampling.repetitionPenalty() != 1) penalise(count);
        return sampling.temperature() == 0 ? largest(count) : draw(count);
    }

    private void penalise(int count) {
        float penalty = (float) sampling.repetitionPenalty();
        for (int id = seen.nextSetBit(0); id >= 0 && id < count; id = seen.nextSetBit(id + 1)) scores[id] = scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty;
    }

    private int largest(int count) {
        int best = 0;
        for (int id = 1; id < count; id++) if (scores[id] > scores[best]) best = id;
        if (!Float.isFinite(scores[best])) throw new RunException("sampling", "the model's logits are not numbers", "finite logits", scores[best], null, null);
        return best;
    }

    private int draw(int count) {
        double top = scores[largest(count)], all = 0;
        boolean sorted = sampling.topK() > 0 || sampling.topP() < 1;
        int kept = count;
        for (int id = 0; id < count; id++) order[id] = id;
        if (sorted) kept = keepMostLikely(count, top);
        for (int at = 0; at < kept; at++) {
            double share = share(order[at], top);
            shares[at] = share < sampling.minP() ? 0 : share; // the most likely token's share is 1 before division by the sum
            all += shares[at];
        }
        double mark = nextUniform() * all, sum = 0;
        int last = order[0];
        for (int at = 0; at < kept; at++) {
            if (shares[at] == 0) continue;
            sum += shares[at];
            last = order[at];
            if (sum > mark) break;
        }
        return last;
    }

    /** Moves the tokens that top-k and top-p keep to the front of {@link #order}, most likely first; returns how many. */
    private int keepMostLikely(int count, double top) {
        for (int parent = count / 2 - 1; parent >= 0; parent--) sink(parent, count);
        int limit = sampling.topK() == 0 ? count : Math.min(sampling.topK(), count), left = count;
        double all = 0;
        if (sampling.topK() == 0) for (int id = 0; id < count; id++) all += share(id, top);
        // Pops go to the end of the array; with a top-k the sum to compare with is known only after all of them.
        double sum = 0;
        while (count - left < limit && (sampling.topK() > 0 || sum < sampling.topP() * all)) {
            sum += share(order[0], top);
            swap(0, --left);
            sink(0, left);
        }
        int kept = count - left;
        for (int at = 0; at < kept && at < count - 1 - at; at++) swap(at, count - 1 - at);
        if (sampling.topK() == 0 || sampling.topP() == 1) return kept;
        double higher = 0;
        for (int at = 0; at < kept; at++) {
            if (higher >= sampling.topP() * sum) return at;
            higher += share(order[at], top);
        }
        return kept;
    }

    private double share(int id, double top) { return StrictMath.exp((scores[id] - top) / sampling.temperature()); }

    private void sink(int at, int count) {
        while (true) {
            int child = 2 * at + 1;
            if (child >= count) return;
            if (child + 1 < count && isBefore(order[child + 1], order[child])) child++;
            if (!isBefore(order[child], order[at])) return;
            swap(at, child);
            at = child;
        }
    }

    private boolean isBefore(int a, int b) { return scores[a] > scores[b] || scores[a] == scores[b] && a < b; }

    private void swap(int i, int j) {
        int kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }

    /** A number of [0, 1), of 53 bits. */
    private double nextUniform() {
        state += 0x9E3779B97F4A7C15L;
        long z = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return ((z ^ (z >>> 31)) >>> 11) * 0x1p-53;
    }
}
