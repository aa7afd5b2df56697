package io.graft.merge.eval;

import io.graft.engine.generate.Scorer;
import io.graft.engine.generate.Scorer.Answer;
import io.graft.engine.generate.Scorer.Question;
import java.util.Arrays;
import java.util.List;

/** Losses of a text under a window that moves over it. */
public final class Perplexity {

    private Perplexity() {}

    /**
     * The loss of every token but the first: each is scored once, given those before it in its window.
     *
     * @param scorer of the model
     * @param text   token ids, 2 or more
     * @param window tokens that a prediction sees at most, its own included; 2 or more
     * @param stride tokens that the window moves, 1 to the window
     * @return negative log-likelihoods in nats; NaN where a token begins its window and so follows nothing
     */
    public static double[] losses(Scorer scorer, int[] text, int window, int stride) {
        double[] losses = new double[text.length - 1];
        Arrays.fill(losses, Double.NaN);
        int done = 1; // tokens that need no score any more
        for (int begin = 0; done < text.length; begin += stride) {
            int end = Math.min(begin + window, text.length), from = Math.max(done, begin + 1);
            if (from < end) {
                Answer answer = scorer.score(List.of(new Question(Arrays.copyOfRange(text, begin, end), from - begin))).getFirst();
                for (int i = from; i < end; i++) losses[i - 1] = answer.losses()[i - from];
            }
            done = end;
        }
        return losses;
    }

    /**
     * The mean of what was scored.
     *
     * @param losses as of {@link #losses}
     * @return the sum in double, over the number of losses that are numbers; element 1 is that number
     */
    public static double[] meanAndCount(double[] losses) {
        double sum = 0;
        long count = 0;
        for (double loss : losses) {
            if (Double.isNaN(loss)) continue;
            sum += loss;
            count++;
        }
        return new double[] {sum / count, count};
    }
}
