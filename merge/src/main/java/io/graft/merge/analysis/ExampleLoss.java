package io.graft.merge.analysis;

import io.graft.engine.RequestException;
import io.graft.engine.generate.Scorer;
import io.graft.engine.generate.Scorer.Answer;
import io.graft.engine.generate.Scorer.Question;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.model.CausalLm;
import io.graft.formats.examples.Example;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.model.ModelSource;
import io.graft.formats.weights.ModelWeights;
import java.util.ArrayList;
import java.util.List;

/** The mean loss of examples, in nats a token, over the tokens that training would count. */
public final class ExampleLoss implements Measure {

    private final List<Question> questions = new ArrayList<>();
    private final List<int[]> labels = new ArrayList<>();
    private final Kernels kernels;
    private final long counted;

    /**
     * A loss.
     *
     * @param examples with at least one counted token
     * @param kernels  that compute; they stay open
     * @throws RequestException if no token counts, or a label is another token than the text's
     */
    public ExampleLoss(List<Example> examples, Kernels kernels) {
        this.kernels = kernels;
        long sum = 0;
        for (Example example : examples) {
            int from = 1;
            while (from < example.labels().length && example.labels()[from] == Example.IGNORED) from++;
            if (from >= example.labels().length) continue;
            for (int i = from; i < example.labels().length; i++) {
                if (example.labels()[i] == Example.IGNORED) continue;
                if (example.labels()[i] != example.ids()[i]) throw new RequestException("an example's labels", "another token than its text has", example.ids()[i] + " or " + Example.IGNORED, example.labels()[i]);
                sum++;
            }
            questions.add(new Question(example.ids(), from));
            labels.add(example.labels());
        }
        if (sum == 0) throw new RequestException("the examples", "no token counts, so there is no loss", "one or more after the first of a text", 0);
        counted = sum;
    }

    /** {@return how many tokens count} */
    public long counted() { return counted; }

    @Override
    public double of(ModelSource model) {
        try (CausalLm lm = new CausalLm(Architectures.of(model.name() + ": config.json", model.config()), ModelWeights.of(model), kernels); Scorer scorer = new Scorer(lm)) {
            double sum = 0;
            List<Answer> answers = scorer.score(questions);
            for (int q = 0; q < answers.size(); q++) {
                int from = questions.get(q).from();
                float[] losses = answers.get(q).losses();
                for (int i = 0; i < losses.length; i++) if (labels.get(q)[from + i] != Example.IGNORED) sum += losses[i];
            }
            return sum / counted;
        }
    }
}
